#pragma once

#include <libraw/libraw.h>

#include "src/base/status.h"
#include "src/codec/lazy/lazy_library.h"

namespace peel {

// clang-format off
#define PEEL_RAW_FUNCTIONS(F) \
  F(libraw_close) \
  F(libraw_dcraw_clear_mem) \
  F(libraw_dcraw_make_mem_thumb) \
  F(libraw_init) \
  F(libraw_open_buffer) \
  F(libraw_strerror) \
  F(libraw_unpack_thumb) \
  F(libraw_version)
// clang-format on

// LibRaw's functions, by their own names.
struct RawLibrary {
  PEEL_RAW_FUNCTIONS(PEEL_LAZY_MEMBER)
};

// LibRaw, opened at the first call.
Result<const RawLibrary*> OpenRawLibrary();

}  // namespace peel

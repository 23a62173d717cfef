#pragma once

#include <jxl/decode.h>

#include "src/base/status.h"
#include "src/codec/lazy/lazy_library.h"

namespace peel {

// clang-format off
#define PEEL_JXL_FUNCTIONS(F) \
  F(JxlDecoderCloseInput) \
  F(JxlDecoderCreate) \
  F(JxlDecoderDestroy) \
  F(JxlDecoderGetBasicInfo) \
  F(JxlDecoderGetBoxType) \
  F(JxlDecoderGetColorAsICCProfile) \
  F(JxlDecoderGetICCProfileSize) \
  F(JxlDecoderImageOutBufferSize) \
  F(JxlDecoderProcessInput) \
  F(JxlDecoderReleaseBoxBuffer) \
  F(JxlDecoderSetBoxBuffer) \
  F(JxlDecoderSetDecompressBoxes) \
  F(JxlDecoderSetImageOutBuffer) \
  F(JxlDecoderSetInput) \
  F(JxlDecoderSetParallelRunner) \
  F(JxlDecoderSetUnpremultiplyAlpha) \
  F(JxlDecoderSubscribeEvents) \
  F(JxlDecoderVersion)
// clang-format on

// libjxl's functions, by their own names.
struct JxlLibrary {
  PEEL_JXL_FUNCTIONS(PEEL_LAZY_MEMBER)
};

// libjxl, opened at the first call.
Result<const JxlLibrary*> OpenJxlLibrary();

}  // namespace peel

#pragma once

#include <gif_lib.h>

#include "src/base/status.h"
#include "src/codec/lazy/lazy_library.h"

namespace peel {

// clang-format off
#define PEEL_GIF_FUNCTIONS(F) \
  F(DGifCloseFile) \
  F(DGifGetExtension) \
  F(DGifGetExtensionNext) \
  F(DGifGetImageDesc) \
  F(DGifGetLine) \
  F(DGifGetRecordType) \
  F(DGifOpen) \
  F(EGifCloseFile) \
  F(EGifOpen) \
  F(EGifPutExtension) \
  F(EGifPutExtensionBlock) \
  F(EGifPutExtensionLeader) \
  F(EGifPutExtensionTrailer) \
  F(EGifPutImageDesc) \
  F(EGifPutLine) \
  F(EGifPutScreenDesc) \
  F(EGifSetGifVersion) \
  F(GifErrorString) \
  F(GifFreeMapObject) \
  F(GifMakeMapObject)
// clang-format on

// giflib's functions, by their own names.
struct GifLibrary {
  PEEL_GIF_FUNCTIONS(PEEL_LAZY_MEMBER)
};

// giflib, opened at the first call.
Result<const GifLibrary*> OpenGifLibrary();

}  // namespace peel

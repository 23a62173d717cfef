#pragma once

#include <avif/avif.h>

#include "src/base/status.h"
#include "src/codec/lazy/lazy_library.h"

namespace peel {

// clang-format off
#define PEEL_AVIF_FUNCTIONS(F) \
  F(avifCropRectConvertCleanApertureBox) \
  F(avifDecoderCreate) \
  F(avifDecoderDestroy) \
  F(avifDecoderNextImage) \
  F(avifDecoderParse) \
  F(avifDecoderSetIOMemory) \
  F(avifEncoderCreate) \
  F(avifEncoderDestroy) \
  F(avifEncoderWrite) \
  F(avifImageAllocatePlanes) \
  F(avifImageCreate) \
  F(avifImageDestroy) \
  F(avifImageRGBToYUV) \
  F(avifImageSetMetadataExif) \
  F(avifImageSetMetadataXMP) \
  F(avifImageSetProfileICC) \
  F(avifImageYUVToRGB) \
  F(avifRGBImageSetDefaults) \
  F(avifRWDataFree) \
  F(avifResultToString) \
  F(avifVersion)
// clang-format on

// libavif's functions, by their own names.
struct AvifLibrary {
  PEEL_AVIF_FUNCTIONS(PEEL_LAZY_MEMBER)
};

// libavif, opened at the first call.
Result<const AvifLibrary*> OpenAvifLibrary();

}  // namespace peel

#pragma once

#include <tiffio.h>

#include "src/base/status.h"
#include "src/codec/lazy/lazy_library.h"

namespace peel {

// clang-format off
#define PEEL_TIFF_FUNCTIONS(F) \
  F(TIFFClientOpenExt) \
  F(TIFFClose) \
  F(TIFFGetField) \
  F(TIFFGetFieldDefaulted) \
  F(TIFFGetVersion) \
  F(TIFFIsCODECConfigured) \
  F(TIFFIsTiled) \
  F(TIFFOpenOptionsAlloc) \
  F(TIFFOpenOptionsFree) \
  F(TIFFOpenOptionsSetErrorHandlerExtR) \
  F(TIFFOpenOptionsSetMaxSingleMemAlloc) \
  F(TIFFOpenOptionsSetWarningHandlerExtR) \
  F(TIFFRGBAImageOK) \
  F(TIFFReadEncodedStrip) \
  F(TIFFReadEncodedTile) \
  F(TIFFReadRGBAImageOriented) \
  F(TIFFReadScanline) \
  F(TIFFScanlineSize64) \
  F(TIFFSetField) \
  F(TIFFSetSubDirectory) \
  F(TIFFStripSize64) \
  F(TIFFTileRowSize64) \
  F(TIFFTileSize64) \
  F(TIFFWriteEncodedStrip)
// clang-format on

// libtiff's functions, by their own names.
struct TiffLibrary {
  PEEL_TIFF_FUNCTIONS(PEEL_LAZY_MEMBER)
};

// libtiff, opened at the first call.
Result<const TiffLibrary*> OpenTiffLibrary();

}  // namespace peel

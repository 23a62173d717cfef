#pragma once

#include <cstdint>
#include <span>

#include "src/base/status.h"
#include "src/codec/decode.h"
#include "src/codec/picture.h"

namespace peel {

// Whether a TIFF is a camera's raw file (DNG, NEF, ARW, PEF …): it says that it is a DNG, or one of
// its pictures is a mosaic of colour filters or linear raw data.
bool IsRawTiff(std::span<const uint8_t> bytes);

// What Sniff says, but for such TIFFs, of which it does not see enough: kRaw where previews can be
// read here.
Format FormatOf(std::span<const uint8_t> bytes);

// The preview that the camera has put into a raw file, through LibRaw, where Peel was built with it
// (PEEL_HAVE_RAW). The sensor's own data are not developed. kUnsupported where there is no preview.
Result<Picture> DecodeRawPreview(std::span<const uint8_t> bytes, const DecodeOptions& options);
Result<PictureInfo> ProbeRawPreview(std::span<const uint8_t> bytes);

}  // namespace peel

#pragma once

#include <cstdint>
#include <span>

#include "src/base/status.h"
#include "src/codec/decode.h"
#include "src/codec/picture.h"

namespace peel {

// JPEG XL through libjxl, where Peel was built with it (PEEL_HAVE_JXL): of an animation the first
// frame. More than 8 bits and floating point become 16 bits. The file's orientation is applied
// whatever the options say. The profile is that of the decoded pixels.
Result<Picture> DecodeJxl(std::span<const uint8_t> bytes, const DecodeOptions& options);
Result<PictureInfo> ProbeJxl(std::span<const uint8_t> bytes);

}  // namespace peel

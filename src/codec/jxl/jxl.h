#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "src/base/status.h"
#include "src/codec/decode.h"
#include "src/codec/picture.h"

namespace peel {

// JPEG XL through libjxl, where Peel was built with it (PEEL_HAVE_JXL): of an animation the first
// frame. More than 8 bits and floating point become 16 bits. The file's orientation is applied
// whatever the options say. The profile is that of the decoded pixels.
Result<Picture> DecodeJxl(std::span<const uint8_t> bytes, const DecodeOptions& options);
Result<PictureInfo> ProbeJxl(std::span<const uint8_t> bytes);

// What is in a 'brob' box (its four letters of type and what Brotli packed), by libjxl. Empty where
// it is damaged or holds more than max_bytes, and where Peel has no libjxl.
std::vector<uint8_t> UnpackJxlBox(std::span<const uint8_t> contents, size_t max_bytes);

}  // namespace peel

#pragma once

#include <array>
#include <cstdint>

#include "src/base/status.h"
#include "src/image/image.h"

namespace peel::library {

constexpr int kPdqSide = 64;
constexpr int kLeastPdqSide = 5;  // below it the reference gives up
using PdqPixels = std::array<std::array<float, kPdqSide>, kPdqSide>;

// Luma, two passes of box filters in either direction (a tent: Jarosz, "Fast Image Convolutions",
// 2001) and the pixels in the centres of 64 x 64 fields, as the reference's jaroszFilterFloat and
// decimateFloat have them, every sum in their order. Rows stream through: 16 rows of memory and
// what the filters span, whatever the picture's height. picture: 1 or 3 channels, kLeastPdqSide a
// side or more. kOutOfMemory alone.
Result<PdqPixels> PdqDownsample(const ImageView<const uint8_t>& picture);

}  // namespace peel::library

#pragma once

#include <array>
#include <cstdint>

#include "src/image/image.h"

namespace peel::library {

// How many pixels have each luma.
using Histogram = std::array<int64_t, 256>;

// luma: 1 channel; mask as in MeasureTiles.
Histogram CountTones(const ImageView<const uint8_t>& luma,
                     const ImageView<const uint8_t>* mask = nullptr);

// -1 (black) to 1 (white). 0 as soon as 35 % of the pixels are mid-tones (64 to 200): a dark or
// bright picture with something in between was meant so. Else what is missing to that share, in the
// direction of the ends where the others are.
float ExposureOf(const Histogram& tones);

// What lies between the darkest and the brightest twentieth, 0 to 1.
float ContrastOf(const Histogram& tones);

}  // namespace peel::library

#pragma once

#include <cstdint>

#include "src/base/status.h"
#include "src/image/image.h"

namespace peel::library {

// Resizes 8-bit RGB the way the detectors were trained on: interpolation between the four nearest
// pixels, centres aligned, with weights of 11 bits (OpenCV's INTER_LINEAR; at most one level from
// it). It looks at no more than four pixels however far it shrinks, so a picture that becomes less
// than half as large is averaged over areas instead (kBox). 1 <= width, height.
Result<ImageU8> ResizeLinear(ImageView<const uint8_t> rgb, int width, int height);

// Copies an RGB picture into the top left corner of three planes of width x height values, the
// channels in their order or backwards; what lies outside it is `fill`. The picture fits inside.
void ToPlanes(ImageView<const uint8_t> rgb, bool backwards, float fill, int width, int height,
              float* planes);
void ToPlanes(ImageView<const uint8_t> rgb, bool backwards, uint8_t fill, int width, int height,
              uint8_t* planes);

}  // namespace peel::library

#pragma once

#include <cstdint>

#include "src/base/thread_pool.h"
#include "src/image/image.h"
#include "src/rectify/plane.h"

namespace peel::quads {

struct Refined {
  Quad quad;
  double residual[4] = {0, 0, 0, 0};  // pixels, of each side's edge places against the fitted side
  double support[4] = {0, 0, 0, 0};   // share of the places along each side that agree with it
};

// Each side moved to the edge near it in the picture itself (3 or 4 channels, 8 bits), at most
// `reach` pixels away: where the colour in linear light changes fastest across the side, which blur
// does not move, measured to fractions of a pixel at many places, corner zones left out; a robust
// fit (Tukey's biweight) of a line, or of a parabola where the sheet or the lens bends it; corners
// where neighbours meet. Sides without enough of an edge stay where they were. The quad is
// clockwise and in pixels of the picture.
Refined Refine(ImageView<const uint8_t> picture, const Quad& quad, double reach, ThreadPool* pool);

}  // namespace peel::quads

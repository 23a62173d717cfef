#pragma once

#include <cstdint>
#include <span>

#include "src/base/status.h"
#include "src/base/thread_pool.h"
#include "src/image/image.h"
#include "src/rectify/quad.h"

namespace peel {

// The picture (1 to 4 channels) with quads drawn on it, to see what was found: RGB, or RGBA where
// the picture has alpha, which is opaque where something is drawn. Sides are green with a dark rim,
// corners are rings, and the first corner, the top left of the reading direction, is a filled disc
// in orange, from which the sides go clockwise. Lines are as wide as a 400th of the picture's
// longer side, at least two pixels. What lies outside of the picture is left out. kInvalidArgument
// for corners that are no numbers.
Result<ImageU8> DrawQuads(ImageView<const uint8_t> picture, std::span<const Quad> quads,
                          ThreadPool* pool);

}  // namespace peel

#pragma once

#include <cstdint>

#include "src/base/status.h"
#include "src/image/image.h"

namespace peel {

// Of a matte (1 channel, in place), by connected components.

// Clears every island but the largest one. What is at least half opaque is land, diagonal
// neighbours belong together, and an island's soft shore (alpha 1 to 127 reachable without
// crossing land or transparency) goes with it; shore between two islands goes with the nearer one
// in steps. Without any land, the largest soft region counts.
Status KeepLargest(ImageView<uint8_t> matte);

// Makes opaque what the background cannot reach: pixels below 128 from which no path over such
// pixels (edges, not corners) leads to the picture's border, and the soft rim around them as far as
// it rises.
Status FillHoles(ImageView<uint8_t> matte);

}  // namespace peel

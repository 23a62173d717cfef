#pragma once

#include <cstdint>
#include <vector>

#include "src/image/geometry.h"
#include "src/image/image.h"

namespace peel {

struct InkComponent {
  Box box;
  int pixels = 0;
};

// The 8-connected components of the black (0) pixels of a picture of 1 channel, in the order of
// their topmost, then leftmost pixels.
std::vector<InkComponent> FindInkComponents(ImageView<const uint8_t> bilevel);

}  // namespace peel

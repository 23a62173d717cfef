#pragma once

#include <cstdint>
#include <optional>

#include "src/base/status.h"
#include "src/image/image.h"

namespace peel {

// Pixels [x, x + width) x [y, y + height).
struct Box {
  int x = 0, y = 0, width = 0, height = 0;
  bool operator==(const Box&) const = default;
};

// The smallest box around all pixels of a 1-channel matte that are at least `threshold`; nullopt
// where there are none.
std::optional<Box> BoundingBox(ImageView<const uint8_t> matte, int threshold = 1);

// The part of a view inside the box, which must lie within it; shares the pixels.
template <typename T>
ImageView<T> Crop(ImageView<T> in, Box box) {
  return {in.data + box.y * in.stride + ptrdiff_t{box.x} * in.channels, box.width, box.height,
          in.channels, in.stride};
}

// A copy with its own memory.
Result<ImageU8> Clone(ImageView<const uint8_t> in);
Result<ImageU16> Clone(ImageView<const uint16_t> in);

// width x height scaled down to fit within max_side on the longer side, aspect kept, at least 1
// pixel; unchanged where it fits already or max_side <= 0.
struct Size {
  int width = 0, height = 0;
  bool operator==(const Size&) const = default;
};
Size FitWithin(Size size, int max_side);

}  // namespace peel

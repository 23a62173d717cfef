#include "src/image/geometry.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace peel {

std::optional<Box> BoundingBox(ImageView<const uint8_t> matte, int threshold) {
  int left = matte.width, right = -1, top = -1, bottom = -1;
  const auto hit = [&](uint8_t v) { return v >= threshold; };
  for (int y = 0; y < matte.height; ++y) {
    const uint8_t* row = matte.row(y);
    const uint8_t* end = row + matte.width;
    const uint8_t* first = std::find_if(row, end, hit);
    if (first == end) continue;
    if (top < 0) top = y;
    bottom = y;
    left = std::min(left, static_cast<int>(first - row));
    // Only what lies right of the border known so far can move it.
    int x = matte.width - 1;
    while (x > right && !hit(row[x])) --x;
    right = std::max(right, x);
  }
  if (top < 0) return std::nullopt;
  return Box{left, top, right - left + 1, bottom - top + 1};
}

namespace {

template <typename T>
Result<Image<T>> CloneAny(ImageView<const T> in) {
  PEEL_ASSIGN_OR_RETURN(Image<T> out, Image<T>::Allocate(in.width, in.height, in.channels));
  const size_t bytes = static_cast<size_t>(in.width) * static_cast<size_t>(in.channels) * sizeof(T);
  for (int y = 0; y < in.height; ++y) std::memcpy(out.row(y), in.row(y), bytes);
  return out;
}

}  // namespace

Result<ImageU8> Clone(ImageView<const uint8_t> in) { return CloneAny(in); }
Result<ImageU16> Clone(ImageView<const uint16_t> in) { return CloneAny(in); }

Size FitWithin(Size size, int max_side) {
  const int longer = std::max(size.width, size.height);
  if (max_side <= 0 || longer <= max_side) return size;
  const double factor = static_cast<double>(max_side) / longer;
  const auto scaled = [&](int v) {
    return std::clamp(static_cast<int>(std::lround(v * factor)), 1, max_side);
  };
  return {scaled(size.width), scaled(size.height)};
}

}  // namespace peel

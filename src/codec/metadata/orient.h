#pragma once

#include <cstdint>

#include "src/base/status.h"
#include "src/image/image.h"

namespace peel {

// EXIF orientation n says how the stored picture must be turned to stand upright:
// 1 as is, 2 mirrored left-right, 3 half a turn, 4 mirrored top-bottom, 5 transposed,
// 6 a quarter clockwise, 7 transposed across the other diagonal, 8 a quarter anticlockwise.
constexpr bool OrientationSwapsSides(int orientation) {
  return orientation >= 5 && orientation <= 8;
}

// Writes stored rows [first_row, first_row + band.height) of a stored picture of
// band.width x stored_height to where they belong in the upright picture `out` (same channels,
// sides swapped for 5 to 8). Bands of some 16 to 64 rows keep it inside the cache.
template <typename T>
void PlaceRows(ImageView<const T> band, int first_row, int stored_height, int orientation,
               ImageView<T> out);

// The whole picture turned upright.
template <typename T>
Result<Image<T>> Upright(ImageView<const T> stored, int orientation);

}  // namespace peel

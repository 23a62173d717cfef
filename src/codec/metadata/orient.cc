#include "src/codec/metadata/orient.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

namespace peel {
namespace {

// Rows of a band that are turned together: one cache line of a 3-channel row of the result, and the
// band's rows stay in the first-level cache while one tile is walked column by column.
constexpr int kTile = 32;

// kBytes is a pixel's size: a constant lets each copy become one or two moves.
template <int kBytes>
void PlaceBand(const uint8_t* band, ptrdiff_t band_stride, int width, int rows, int first_row,
               int stored_height, int orientation, uint8_t* out, ptrdiff_t out_stride) {
  // Where stored pixel (0, first_row) goes, and the steps that one to the right and one down take.
  ptrdiff_t right = kBytes, down = out_stride;
  ptrdiff_t origin = 0;
  const ptrdiff_t last_x = width - 1, last_y = stored_height - 1;
  switch (orientation) {
    case 2:
      origin = last_x * kBytes, right = -kBytes;
      break;
    case 3:
      origin = last_y * out_stride + last_x * kBytes, right = -kBytes, down = -out_stride;
      break;
    case 4:
      origin = last_y * out_stride, down = -out_stride;
      break;
    case 5:
      right = out_stride, down = kBytes;
      break;
    case 6:
      origin = last_y * kBytes, right = out_stride, down = -kBytes;
      break;
    case 7:
      origin = last_x * out_stride + last_y * kBytes, right = -out_stride, down = -kBytes;
      break;
    case 8:
      origin = last_x * out_stride, right = -out_stride, down = kBytes;
      break;
    default:
      break;
  }
  uint8_t* start = out + origin + first_row * down;
  if (right == kBytes) {
    for (int y = 0; y < rows; ++y) {
      std::memcpy(start + y * down, band + y * band_stride, static_cast<size_t>(width) * kBytes);
    }
    return;
  }
  if (right == -kBytes) {
    for (int y = 0; y < rows; ++y) {
      const uint8_t* from = band + y * band_stride;
      uint8_t* to = start + y * down;
      for (int x = 0; x < width; ++x) {
        std::memcpy(to - static_cast<ptrdiff_t>(x) * kBytes,
                    from + static_cast<ptrdiff_t>(x) * kBytes, kBytes);
      }
    }
    return;
  }
  for (int y0 = 0; y0 < rows; y0 += kTile) {
    const int tile = std::min(kTile, rows - y0);
    for (int x = 0; x < width; ++x) {
      const uint8_t* from = band + y0 * band_stride + static_cast<ptrdiff_t>(x) * kBytes;
      uint8_t* to = start + x * right + y0 * down;
      for (int y = 0; y < tile; ++y) {
        std::memcpy(to + y * down, from + y * band_stride, kBytes);
      }
    }
  }
}

}  // namespace

template <typename T>
void PlaceRows(ImageView<const T> band, int first_row, int stored_height, int orientation,
               ImageView<T> out) {
  const auto* from = reinterpret_cast<const uint8_t*>(band.data);
  auto* to = reinterpret_cast<uint8_t*>(out.data);
  const ptrdiff_t from_stride = band.stride * static_cast<ptrdiff_t>(sizeof(T));
  const ptrdiff_t to_stride = out.stride * static_cast<ptrdiff_t>(sizeof(T));
  const auto place = [&](auto bytes) {
    PlaceBand<bytes.value>(from, from_stride, band.width, band.height, first_row, stored_height,
                           orientation, to, to_stride);
  };
  switch (band.channels * sizeof(T)) {
    case 1:
      return place(std::integral_constant<int, 1>());
    case 2:
      return place(std::integral_constant<int, 2>());
    case 3:
      return place(std::integral_constant<int, 3>());
    case 4:
      return place(std::integral_constant<int, 4>());
    case 6:
      return place(std::integral_constant<int, 6>());
    case 8:
      return place(std::integral_constant<int, 8>());
    default:
      return;
  }
}

template <typename T>
Result<Image<T>> Upright(ImageView<const T> stored, int orientation) {
  const bool swap = OrientationSwapsSides(orientation);
  PEEL_ASSIGN_OR_RETURN(Image<T> out,
                        Image<T>::Allocate(swap ? stored.height : stored.width,
                                           swap ? stored.width : stored.height, stored.channels));
  constexpr int kBand = 64;
  for (int y = 0; y < stored.height; y += kBand) {
    ImageView<const T> band = stored;
    band.data = stored.row(y);
    band.height = std::min(kBand, stored.height - y);
    PlaceRows(band, y, stored.height, orientation, out.view());
  }
  return out;
}

template void PlaceRows(ImageView<const uint8_t>, int, int, int, ImageView<uint8_t>);
template void PlaceRows(ImageView<const uint16_t>, int, int, int, ImageView<uint16_t>);
template Result<ImageU8> Upright(ImageView<const uint8_t>, int);
template Result<ImageU16> Upright(ImageView<const uint16_t>, int);

}  // namespace peel

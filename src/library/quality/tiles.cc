#include "src/library/quality/tiles.h"

#include <algorithm>
#include <cstddef>
#include <cstdlib>

namespace peel::library {
namespace {

constexpr int kTiles = 8;      // a side
constexpr int kLeastSide = 8;  // of a tile
constexpr int kReach = 2;      // of the differences, beyond a pixel

// Sums over a stretch of a row, short enough for 32 bits: 256 pixels of 255² are below 2^24, and
// a tile adds them up row by row in 64.
struct Sums {
  std::array<int64_t, Tile::kDirections> near{}, far{};
  int64_t laplacian = 0, count = 0;
};

constexpr int kStretch = 256;

template <bool kMasked>
int32_t Squares(const uint8_t* a, const uint8_t* b, const uint8_t* mask, int length) {
  int32_t sum = 0;
  for (int x = 0; x < length; ++x) {
    int d = a[x] - b[x];
    if constexpr (kMasked) d = mask[x] != 0 ? d : 0;
    sum += d * d;
  }
  return sum;
}

// |I * N| for Immerkær's N = [1 -2 1; -2 4 -2; 1 -2 1].
template <bool kMasked>
int32_t Laplacians(const uint8_t* row, ptrdiff_t stride, const uint8_t* mask, int length) {
  const uint8_t* above = row - stride;
  const uint8_t* below = row + stride;
  int32_t sum = 0;
  for (int x = 0; x < length; ++x) {
    const int corners = above[x - 1] + above[x + 1] + below[x - 1] + below[x + 1];
    const int sides = above[x] + below[x] + row[x - 1] + row[x + 1];
    int value = std::abs(corners - 2 * sides + 4 * row[x]);
    if constexpr (kMasked) value = mask[x] != 0 ? value : 0;
    sum += value;
  }
  return sum;
}

template <bool kMasked>
void AddStretch(const uint8_t* row, ptrdiff_t stride, const uint8_t* mask, int length, Sums* sums) {
  const std::array<ptrdiff_t, Tile::kDirections> steps = {1, stride, stride + 1, stride - 1};
  for (size_t d = 0; d < steps.size(); ++d) {
    sums->near[d] += Squares<kMasked>(row, row + steps[d], mask, length);
    sums->far[d] += Squares<kMasked>(row, row + 2 * steps[d], mask, length);
  }
  sums->laplacian += Laplacians<kMasked>(row, stride, mask, length);
  if constexpr (kMasked) {
    sums->count += std::count_if(mask, mask + length, [](uint8_t m) { return m != 0; });
  } else {
    sums->count += length;
  }
}

Tile MeanOf(const Sums& sums) {
  Tile tile;
  if (sums.count == 0) return tile;
  tile.pixels = static_cast<double>(sums.count);
  for (size_t d = 0; d < tile.near.size(); ++d) {
    tile.near[d] = static_cast<double>(sums.near[d]) / tile.pixels;
    tile.far[d] = static_cast<double>(sums.far[d]) / tile.pixels;
  }
  tile.laplacian = static_cast<double>(sums.laplacian) / tile.pixels;
  return tile;
}

}  // namespace

std::vector<Tile> MeasureTiles(const ImageView<const uint8_t>& luma,
                               const ImageView<const uint8_t>* mask) {
  // Pixels whose neighbours are all within the picture.
  const int width = luma.width - 2 * kReach, height = luma.height - 2 * kReach;
  if (width < 1 || height < 1) return {};
  const int across = std::clamp(width / kLeastSide, 1, kTiles);
  const int down = std::clamp(height / kLeastSide, 1, kTiles);
  std::vector<Tile> tiles;
  tiles.reserve(static_cast<size_t>(across) * static_cast<size_t>(down));
  for (int j = 0; j < down; ++j) {
    for (int i = 0; i < across; ++i) {
      const int left = kReach + i * width / across, right = kReach + (i + 1) * width / across;
      const int top = kReach + j * height / down, bottom = kReach + (j + 1) * height / down;
      Sums sums;
      for (int y = top; y < bottom; ++y) {
        for (int x = left; x < right; x += kStretch) {
          const int length = std::min(kStretch, right - x);
          const uint8_t* row = luma.row(y) + x;
          if (mask != nullptr) {
            AddStretch<true>(row, luma.stride, mask->row(y) + x, length, &sums);
          } else {
            AddStretch<false>(row, luma.stride, nullptr, length, &sums);
          }
        }
      }
      tiles.push_back(MeanOf(sums));
    }
  }
  return tiles;
}

}  // namespace peel::library

#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "src/image/image.h"

namespace peel::library {

// How much pixels of a tile differ from those one step and two steps away, in the four directions:
// across, down and along either diagonal; means of squares of levels.
struct Tile {
  static constexpr int kDirections = 4;
  std::array<double, kDirections> near{};  // one step
  std::array<double, kDirections> far{};   // two steps
  double laplacian = 0;  // mean of |I * N|, Immerkær's mask N, which no linear slope moves
  double pixels = 0;     // that were counted
};

// 8 x 8 tiles of a picture (fewer where it is too small for tiles of 8 pixels a side), row by row.
// luma: 1 channel. mask: null, or 1 channel of the same size; only pixels where it is not 0 count.
std::vector<Tile> MeasureTiles(const ImageView<const uint8_t>& luma,
                               const ImageView<const uint8_t>* mask = nullptr);

}  // namespace peel::library

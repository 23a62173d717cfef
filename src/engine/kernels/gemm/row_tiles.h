#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace peel::engine {

// Inner products keep a few rows of sums in registers, and each number of rows is a function of its
// own. RunRowTiles divides the rows of a tile among those that there are. Family says which:
//   using Tile = …                               what they work on; has int64_t rows
//   static constexpr int MaxRows(int panel)      the most rows that fit the registers
//   static constexpr bool HasRows(int rows, int most)
//                                                row counts that are compiled; 1 and most must be
//   template <int kRows, int kPanel> static constexpr Function Get()
//                                                of type void (*)(const Tile&, int64_t first_row)
namespace row_tiles {

template <class Family>
using Function = void (*)(const typename Family::Tile&, int64_t);

template <class Family, int kPanel, int kRows>
constexpr Function<Family> Entry() {
  if constexpr (kRows == 0 || !Family::HasRows(kRows, Family::MaxRows(kPanel))) {
    return nullptr;
  } else {
    return Family::template Get<kRows, kPanel>();
  }
}

template <class Family, int kPanel, int... kRows>
constexpr std::array<Function<Family>, sizeof...(kRows)> Table(
    std::integer_sequence<int, kRows...>) {
  return {Entry<Family, kPanel, kRows>()...};
}

}  // namespace row_tiles

// All rows of the tile, as evenly as the compiled row counts allow.
template <class Family, int kPanel>
void RunRowTiles(const typename Family::Tile& tile) {
  constexpr int kMost = Family::MaxRows(kPanel);
  static constexpr auto kTable =
      row_tiles::Table<Family, kPanel>(std::make_integer_sequence<int, kMost + 1>());
  for (int64_t row = 0; row < tile.rows;) {
    const int64_t left = tile.rows - row;
    // Even shares: a last tile of one row would wait for its own additions.
    const int64_t parts = (left + kMost - 1) / kMost;
    int take = static_cast<int>((left + parts - 1) / parts);
    while (take < left && take < kMost && kTable[static_cast<size_t>(take)] == nullptr) ++take;
    while (kTable[static_cast<size_t>(take)] == nullptr) --take;
    kTable[static_cast<size_t>(take)](tile, row);
    row += take;
  }
}

}  // namespace peel::engine

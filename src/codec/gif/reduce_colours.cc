#include "src/codec/gif/reduce_colours.h"

#include <algorithm>
#include <limits>
#include <unordered_map>
#include <utility>

namespace peel {
namespace {

using Colour = std::array<uint8_t, 3>;

constexpr int kShift = 3;  // of 8 bits 5 count

Colour ColourAt(const uint8_t* p, int channels) {
  return channels == 1 ? Colour{p[0], p[0], p[0]} : Colour{p[0], p[1], p[2]};
}

size_t CellOf(const Colour& c) {
  return static_cast<size_t>(c[0] >> kShift) << 10 | static_cast<size_t>(c[1] >> kShift) << 5 |
         static_cast<size_t>(c[2] >> kShift);
}

// Calls use(x, y, colour) for every pixel that is seen.
template <typename Use>
void ForSeen(ImageView<const uint8_t> picture, Use use) {
  for (int y = 0; y < picture.height; ++y) {
    const uint8_t* p = picture.row(y);
    for (int x = 0; x < picture.width; ++x, p += picture.channels) {
      if (picture.channels == 4 && p[3] < kOpaqueFrom) continue;
      use(x, y, ColourAt(p, picture.channels));
    }
  }
}

// The picture's own colours; false where there are more than `most`.
bool KeepColours(ImageView<const uint8_t> picture, size_t most, IndexedPicture& out) {
  std::unordered_map<uint32_t, uint8_t> known;
  uint32_t last = UINT32_MAX;
  uint8_t last_index = 0;
  bool fit = true;
  ForSeen(picture, [&](int x, int y, const Colour& colour) {
    const uint32_t key = uint32_t{colour[0]} << 16 | uint32_t{colour[1]} << 8 | colour[2];
    if (key != last && fit) {
      const auto [at, is_new] = known.try_emplace(key, static_cast<uint8_t>(out.palette.size()));
      if (is_new && out.palette.size() == most) {
        fit = false;
      } else if (is_new) {
        out.palette.push_back(colour);
      }
      last = key;
      last_index = at->second;
    }
    if (fit) out.indices.row(y)[x] = last_index;
  });
  return fit;
}

// A part of the cube of colours that is there.
struct Cell {
  Colour at = {};  // its place in the cube, 0 to 31
  uint64_t count = 0;
  std::array<uint64_t, 3> sum = {};
  size_t index = 0;
};

struct Group {
  size_t first, last;  // cells [first, last)
  size_t axis;         // its longest side
  uint64_t weight;     // what splitting it is worth
};

Group Measure(const std::vector<Cell>& cells, size_t first, size_t last) {
  Colour low = {255, 255, 255}, high = {};
  uint64_t count = 0;
  for (size_t i = first; i < last; ++i) {
    for (size_t c = 0; c < 3; ++c) {
      low[c] = std::min(low[c], cells[i].at[c]);
      high[c] = std::max(high[c], cells[i].at[c]);
    }
    count += cells[i].count;
  }
  Group group = {first, last, 0, 0};
  for (size_t c = 1; c < 3; ++c) {
    if (high[c] - low[c] > high[group.axis] - low[group.axis]) group.axis = c;
  }
  group.weight = count * static_cast<uint64_t>(high[group.axis] - low[group.axis]);
  return group;
}

std::vector<Colour> MedianCut(std::vector<Cell>& cells, size_t most) {
  std::vector<Group> groups = {Measure(cells, 0, cells.size())};
  while (groups.size() < most) {
    const auto widest = std::max_element(groups.begin(), groups.end(),
                                         [](auto& a, auto& b) { return a.weight < b.weight; });
    if (widest->weight == 0) break;
    const Group group = *widest;
    const auto begin = cells.begin() + static_cast<ptrdiff_t>(group.first);
    const auto end = cells.begin() + static_cast<ptrdiff_t>(group.last);
    std::sort(begin, end, [&](const Cell& a, const Cell& b) {
      if (a.at[group.axis] != b.at[group.axis]) return a.at[group.axis] < b.at[group.axis];
      return a.at < b.at;
    });
    uint64_t half = 0, all = 0;
    for (auto it = begin; it != end; ++it) all += it->count;
    size_t split = group.first;
    while (split < group.last - 1 && half * 2 < all) half += cells[split++].count;
    // Never between cells that only differ otherwise, nor at an end.
    split = std::clamp(split, group.first + 1, group.last - 1);
    *widest = Measure(cells, group.first, split);
    groups.push_back(Measure(cells, split, group.last));
  }
  std::vector<Colour> palette;
  for (const Group& group : groups) {
    uint64_t count = 0;
    std::array<uint64_t, 3> sum = {};
    for (size_t i = group.first; i < group.last; ++i) {
      count += cells[i].count;
      for (size_t c = 0; c < 3; ++c) sum[c] += cells[i].sum[c];
    }
    if (count == 0) continue;  // no pixel is seen at all
    Colour mean;
    for (size_t c = 0; c < 3; ++c) mean[c] = static_cast<uint8_t>((sum[c] + count / 2) / count);
    palette.push_back(mean);
  }
  return palette;
}

uint8_t Closest(const std::vector<Colour>& palette, const Cell& cell) {
  size_t best = 0;
  int least = std::numeric_limits<int>::max();
  for (size_t i = 0; i < palette.size(); ++i) {
    int distance = 0;
    for (size_t c = 0; c < 3; ++c) {
      const int d = static_cast<int>(cell.sum[c] / cell.count) - palette[i][c];
      distance += d * d;
    }
    if (distance < least) {
      least = distance;
      best = i;
    }
  }
  return static_cast<uint8_t>(best);
}

void MapToFew(ImageView<const uint8_t> picture, size_t most, IndexedPicture& out) {
  constexpr size_t kCells = 1 << 15;
  std::vector<Cell> cube(kCells);
  ForSeen(picture, [&](int, int, const Colour& colour) {
    Cell& cell = cube[CellOf(colour)];
    ++cell.count;
    for (size_t c = 0; c < 3; ++c) cell.sum[c] += colour[c];
  });
  std::vector<Cell> cells;
  for (size_t i = 0; i < kCells; ++i) {
    if (cube[i].count == 0) continue;
    cube[i].at = {static_cast<uint8_t>(i >> 10), static_cast<uint8_t>(i >> 5 & 31),
                  static_cast<uint8_t>(i & 31)};
    cube[i].index = i;
    cells.push_back(cube[i]);
  }
  out.palette = MedianCut(cells, most);
  std::vector<uint8_t> index_of(kCells);
  for (const Cell& cell : cells) index_of[cell.index] = Closest(out.palette, cell);
  ForSeen(picture, [&](int x, int y, const Colour& colour) {
    out.indices.row(y)[x] = index_of[CellOf(colour)];
  });
}

}  // namespace

Result<IndexedPicture> ReduceColours(ImageView<const uint8_t> picture, int most) {
  IndexedPicture out;
  PEEL_ASSIGN_OR_RETURN(out.indices, ImageU8::Allocate(picture.width, picture.height, 1));
  const bool alpha = picture.channels == 4;
  const auto colours = static_cast<size_t>(std::max(alpha ? most - 1 : most, 1));
  if (!KeepColours(picture, colours, out)) {
    out.palette.clear();
    MapToFew(picture, colours, out);
  }
  if (!alpha) return out;
  out.transparent = static_cast<int>(out.palette.size());
  for (int y = 0; y < picture.height; ++y) {
    const uint8_t* p = picture.row(y);
    for (int x = 0; x < picture.width; ++x) {
      if (p[4 * x + 3] < kOpaqueFrom) out.indices.row(y)[x] = static_cast<uint8_t>(out.transparent);
    }
  }
  return out;
}

}  // namespace peel

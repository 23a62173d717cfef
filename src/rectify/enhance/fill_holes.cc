#include "src/rectify/enhance/fill_holes.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace peel {
namespace {

constexpr int kSweeps = 24;

struct Level {
  int across = 0, down = 0;
  std::vector<float> value, weight;  // 0 to 1

  size_t At(int x, int y) const {
    return static_cast<size_t>(std::clamp(y, 0, down - 1)) * static_cast<size_t>(across) +
           static_cast<size_t>(std::clamp(x, 0, across - 1));
  }
};

Level Coarser(const Level& fine) {
  Level coarse;
  coarse.across = (fine.across + 1) / 2;
  coarse.down = (fine.down + 1) / 2;
  const size_t n = static_cast<size_t>(coarse.across) * static_cast<size_t>(coarse.down);
  coarse.value.assign(n, 0);
  coarse.weight.assign(n, 0);
  for (int y = 0; y < fine.down; ++y) {
    for (int x = 0; x < fine.across; ++x) {
      const size_t from = fine.At(x, y), to = coarse.At(x / 2, y / 2);
      coarse.value[to] += fine.weight[from] * fine.value[from];
      coarse.weight[to] += fine.weight[from];
    }
  }
  for (size_t i = 0; i < n; ++i) {
    if (coarse.weight[i] > 0) coarse.value[i] /= coarse.weight[i];
    coarse.weight[i] = std::min(coarse.weight[i], 1.0f);
  }
  return coarse;
}

// Of the coarse level at a place of the fine one, linear between its centres.
float Between(const Level& coarse, int x, int y) {
  const int x1 = x / 2 + (x % 2 == 0 ? -1 : 1), y1 = y / 2 + (y % 2 == 0 ? -1 : 1);
  return (9 * coarse.value[coarse.At(x / 2, y / 2)] + 3 * coarse.value[coarse.At(x1, y / 2)] +
          3 * coarse.value[coarse.At(x / 2, y1)] + coarse.value[coarse.At(x1, y1)]) /
         16;
}

}  // namespace

void FillHoles(int across, int down, const std::vector<bool>& known, std::vector<float>* field) {
  if (std::ranges::find(known, true) == known.end()) return;
  std::vector<Level> levels(1);
  Level& top = levels.front();
  top.across = across;
  top.down = down;
  top.value = *field;
  top.weight.resize(known.size());
  for (size_t i = 0; i < known.size(); ++i) top.weight[i] = known[i] ? 1 : 0;
  while (levels.back().across > 1 || levels.back().down > 1) {
    Level coarser = Coarser(levels.back());
    levels.push_back(std::move(coarser));
  }
  for (size_t l = levels.size() - 1; l-- > 0;) {
    Level& fine = levels[l];
    for (int y = 0; y < fine.down; ++y) {
      for (int x = 0; x < fine.across; ++x) {
        const size_t i = fine.At(x, y);
        fine.value[i] =
            fine.weight[i] * fine.value[i] + (1 - fine.weight[i]) * Between(levels[l + 1], x, y);
      }
    }
  }
  Level& fine = levels[0];
  std::vector<std::array<uint32_t, 5>> holes;  // with the neighbours of each
  for (int y = 0; y < down; ++y) {
    for (int x = 0; x < across; ++x) {
      const size_t i = fine.At(x, y);
      if (known[i]) continue;
      holes.push_back({static_cast<uint32_t>(i), static_cast<uint32_t>(fine.At(x - 1, y)),
                       static_cast<uint32_t>(fine.At(x + 1, y)),
                       static_cast<uint32_t>(fine.At(x, y - 1)),
                       static_cast<uint32_t>(fine.At(x, y + 1))});
    }
  }
  for (int sweep = 0; sweep < kSweeps; ++sweep) {
    for (const auto& [i, left, right, above, below] : holes) {
      fine.value[i] =
          (fine.value[left] + fine.value[right] + fine.value[above] + fine.value[below]) / 4;
    }
  }
  *field = std::move(fine.value);
}

void Smooth(int across, int down, std::vector<float>* field) {
  Level level{across, down, std::vector<float>(field->size()), {}};
  for (int y = 0; y < down; ++y) {
    for (int x = 0; x < across; ++x) {
      level.value[level.At(x, y)] = ((*field)[level.At(x - 1, y)] + 2 * (*field)[level.At(x, y)] +
                                     (*field)[level.At(x + 1, y)]) /
                                    4;
    }
  }
  for (int y = 0; y < down; ++y) {
    for (int x = 0; x < across; ++x) {
      (*field)[level.At(x, y)] =
          (level.value[level.At(x, y - 1)] + 2 * level.value[level.At(x, y)] +
           level.value[level.At(x, y + 1)]) /
          4;
    }
  }
}

}  // namespace peel

#include "src/rectify/text/ink_components.h"

#include <algorithm>
#include <cstddef>

namespace peel {
namespace {

struct Run {
  int first, last;  // [first, last)
  uint32_t parent;
};

// Runs of black pixels are joined from row to row (Tarjan's disjoint sets).
uint32_t Find(std::vector<Run>& runs, uint32_t i) {
  while (runs[i].parent != i) i = runs[i].parent = runs[runs[i].parent].parent;
  return i;
}

}  // namespace

std::vector<InkComponent> FindInkComponents(ImageView<const uint8_t> bilevel) {
  std::vector<Run> runs;
  std::vector<size_t> row_starts = {0};
  for (int y = 0; y < bilevel.height; ++y) {
    const uint8_t* row = bilevel.row(y);
    size_t above = y > 0 ? row_starts[static_cast<size_t>(y) - 1] : 0;
    const size_t above_end = row_starts[static_cast<size_t>(y)];
    for (int x = 0; x < bilevel.width; ++x) {
      if (row[x] != 0) continue;
      const int first = x;
      while (x < bilevel.width && row[x] == 0) ++x;
      const auto self = static_cast<uint32_t>(runs.size());
      runs.push_back({first, x, self});
      // Corners touch as well.
      while (above < above_end && runs[above].last < first) ++above;
      for (size_t i = above; i < above_end && runs[i].first <= x; ++i) {
        const uint32_t a = Find(runs, static_cast<uint32_t>(i)), b = Find(runs, self);
        runs[std::max(a, b)].parent = std::min(a, b);
      }
    }
    row_starts.push_back(runs.size());
  }
  std::vector<InkComponent> components;
  std::vector<uint32_t> number(runs.size());
  for (int y = 0; y < bilevel.height; ++y) {
    for (size_t i = row_starts[static_cast<size_t>(y)]; i < row_starts[static_cast<size_t>(y) + 1];
         ++i) {
      const uint32_t root = Find(runs, static_cast<uint32_t>(i));
      const Run& run = runs[i];
      if (root == i) {
        number[i] = static_cast<uint32_t>(components.size());
        components.push_back({{run.first, y, 0, 0}, 0});
      }
      InkComponent& c = components[number[root]];
      const int right = std::max(c.box.x + c.box.width, run.last);
      c.box.x = std::min(c.box.x, run.first);
      c.box.width = right - c.box.x;
      c.box.height = y + 1 - c.box.y;
      c.pixels += run.last - run.first;
    }
  }
  return components;
}

}  // namespace peel

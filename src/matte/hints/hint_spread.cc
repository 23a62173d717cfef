#include "src/matte/hints/hint_spread.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <queue>
#include <utility>

#include "src/base/checked.h"
#include "src/image/rows.h"
#include "src/matte/hints/hints.h"

namespace peel {
namespace {

constexpr int kGrid = 384;  // cells on the longer side at most
// Costs are integers, so that they do not depend on the machine; a way of this cost ends.
constexpr uint32_t kBudget = 1 << 16;
// Around the budget the pull fades.
constexpr double kFade = 0.05;
constexpr auto kMostCost = static_cast<uint32_t>(kBudget * (1 + kFade));
constexpr uint32_t kFar = ~0u;
// Colours this near to each other are one; from there the cost of a cell grows with the square, to
// the whole budget where the difference is as large as between subjects.
constexpr float kSameColour = 8;
constexpr float kOtherColour = 48;
// A cell whose matte is this near to what the stroke wants is no way to others: outlines are not
// followed around a subject.
constexpr int kWay = 48;
constexpr int kNothingToDo = 8;

// Brightness, which shading changes, counts less than hue.
struct Colour {
  float y = 0, cb = 0, cr = 0;
};
Colour ToColour(float r, float g, float b) {
  const float y = 0.25f * r + 0.625f * g + 0.125f * b;
  return {0.7f * y, b - y, r - y};
}
float Difference(const Colour& a, const Colour& b) {
  const float y = a.y - b.y, cb = a.cb - b.cb, cr = a.cr - b.cr;
  return std::sqrt(y * y + cb * cb + cr * cr);
}

// The share of the budget that a difference costs.
float Price(float difference) {
  const float above = std::max(difference - kSameColour, 0.0f) / (kOtherColour - kSameColour);
  return std::min(above * above, 1.0f);
}

// One kind of strokes: the cells that they cross, and their colours there.
struct Seeds {
  std::vector<uint32_t> cells;
  std::vector<Colour> colours;
};

struct Grid {
  HintSpread spread;
  std::vector<Colour> colours;  // a cell's mean
  Seeds keep, remove;
};

// The colours of strokes, thinned out, and how far another one is from all of them.
class Palette {
 public:
  explicit Palette(const std::vector<Colour>& colours) : nearest_(kBins, -1.0f) {
    std::vector<uint8_t> taken(kBins, 0);
    for (const Colour& colour : colours) {
      uint8_t& bin = taken[Bin(colour)];
      if (bin == 0) colours_.push_back(colour);
      bin = 1;
    }
  }
  // Of the middle of the colour's bin.
  float Distance(const Colour& colour) {
    float& known = nearest_[Bin(colour)];
    if (known >= 0) return known;
    known = kOtherColour;
    for (const Colour& own : colours_) known = std::min(known, Difference(own, colour));
    return known;
  }

 private:
  static constexpr size_t kSteps = 64, kBins = kSteps * kSteps * kSteps;
  static size_t Step(float v) {
    return static_cast<size_t>(std::clamp(v / 8 + 32, 0.0f, static_cast<float>(kSteps - 1)));
  }
  static size_t Bin(const Colour& c) {
    return (Step(c.y) * kSteps + Step(c.cb)) * kSteps + Step(c.cr);
  }
  std::vector<Colour> colours_;
  std::vector<float> nearest_;
};

// What is summed up over the pixels of a cell.
struct Sums {
  std::array<int64_t, 3> all{}, keep{}, remove{};
  int64_t matte = 0, pixels = 0, keeps = 0, removes = 0;
};

Colour Mean(const std::array<int64_t, 3>& sums, int64_t count) {
  const auto n = static_cast<float>(count);
  return ToColour(static_cast<float>(sums[0]) / n, static_cast<float>(sums[1]) / n,
                  static_cast<float>(sums[2]) / n);
}

Sums SumCell(ImageView<const uint8_t> picture, ImageView<const uint8_t> strokes,
             ImageView<const uint8_t> matte, int x0, int y0, int cell) {
  Sums sums;
  const int x1 = std::min(x0 + cell, picture.width), y1 = std::min(y0 + cell, picture.height);
  for (int y = y0; y < y1; ++y) {
    const uint8_t* p = picture.row(y) + ptrdiff_t{x0} * picture.channels;
    const uint8_t* stroke = strokes.row(y);
    const uint8_t* alpha = matte.row(y);
    for (int x = x0; x < x1; ++x, p += picture.channels) {
      for (size_t c = 0; c < 3; ++c) sums.all[c] += p[c];
      sums.matte += alpha[x];
      if (stroke[x] == kNoHint) continue;
      const bool keep = stroke[x] == kKeep;
      for (size_t c = 0; c < 3; ++c) (keep ? sums.keep : sums.remove)[c] += p[c];
      ++(keep ? sums.keeps : sums.removes);
    }
  }
  sums.pixels = int64_t{x1 - x0} * (y1 - y0);
  return sums;
}

Grid MakeGrid(ImageView<const uint8_t> picture, ImageView<const uint8_t> strokes,
              ImageView<const uint8_t> matte, ThreadPool* pool) {
  Grid grid;
  HintSpread& spread = grid.spread;
  spread.cell = static_cast<int>(DivideUp(std::max(picture.width, picture.height), kGrid));
  spread.width = static_cast<int>(DivideUp(picture.width, spread.cell));
  spread.height = static_cast<int>(DivideUp(picture.height, spread.cell));
  const size_t cells = spread.at(0, spread.height);
  grid.colours.resize(cells);
  spread.matte.resize(cells);
  spread.pull.assign(cells, 0.0f);
  std::vector<Sums> seeds(cells);
  ForRowBands(
      spread.height, pool,
      [&](int first, int last, int) {
        for (int y = first; y < last; ++y) {
          for (int x = 0; x < spread.width; ++x) {
            const size_t at = spread.at(x, y);
            const Sums sums =
                SumCell(picture, strokes, matte, x * spread.cell, y * spread.cell, spread.cell);
            grid.colours[at] = Mean(sums.all, sums.pixels);
            spread.matte[at] = static_cast<uint8_t>((sums.matte + sums.pixels / 2) / sums.pixels);
            seeds[at] = sums;
          }
        }
      },
      4);
  for (size_t at = 0; at < cells; ++at) {
    const Sums& sums = seeds[at];
    if (sums.keeps == 0 && sums.removes == 0) continue;
    const bool keep = sums.keeps >= sums.removes;
    Seeds& kind = keep ? grid.keep : grid.remove;
    kind.cells.push_back(static_cast<uint32_t>(at));
    kind.colours.push_back(keep ? Mean(sums.keep, sums.keeps) : Mean(sums.remove, sums.removes));
  }
  return grid;
}

// The cost of every cell that strokes of a kind reach; wanted: 255 or 0. (Dijkstra, 1959.)
std::vector<uint32_t> Costs(const Grid& grid, const Seeds& seeds, int wanted) {
  const HintSpread& spread = grid.spread;
  std::vector<uint32_t> costs(grid.colours.size(), kFar);
  Palette palette(seeds.colours);
  using Entry = std::pair<uint32_t, uint32_t>;  // cost, cell
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> open;
  for (const uint32_t cell : seeds.cells) {
    costs[cell] = 0;
    open.emplace(0, cell);
  }
  const double reach = std::max(1.0, kHintReach * std::max(spread.width, spread.height));
  const auto step = static_cast<float>(kBudget / reach);
  const auto left_to_do = [&](size_t at) { return std::abs(spread.matte[at] - wanted); };
  while (!open.empty()) {
    const auto [cost, cell] = open.top();
    open.pop();
    if (cost != costs[cell]) continue;
    if (cost > 0 && left_to_do(cell) < kWay) continue;
    const int x = static_cast<int>(cell % static_cast<uint32_t>(spread.width));
    const int y = static_cast<int>(cell / static_cast<uint32_t>(spread.width));
    for (int dy = -1; dy <= 1; ++dy) {
      for (int dx = -1; dx <= 1; ++dx) {
        if ((dx == 0 && dy == 0) || x + dx < 0 || x + dx >= spread.width || y + dy < 0 ||
            y + dy >= spread.height) {
          continue;
        }
        const size_t next = spread.at(x + dx, y + dy);
        if (costs[next] <= cost || left_to_do(next) < kNothingToDo) continue;
        const Colour& colour = grid.colours[next];
        const float strange = std::max(Price(palette.Distance(colour)),
                                       Price(Difference(colour, grid.colours[cell])));
        const float length = dx != 0 && dy != 0 ? 1.41421356f : 1.0f;
        const float price = length * (step + strange * static_cast<float>(kBudget));
        const uint32_t total = cost + static_cast<uint32_t>(price);
        if (total > kMostCost || total >= costs[next]) continue;
        costs[next] = total;
        open.emplace(total, static_cast<uint32_t>(next));
      }
    }
  }
  return costs;
}

// Leftovers: what a stroke has cut off from everything else that is as they are, and what is small
// beside what it took. They go with it: sprinkles on a doughnut, buttons on a shirt. For removed
// ones a larger share counts, as a gap between an arm and a body may well be meant.
constexpr double kLeftover = 0.1, kGap = 0.02;

bool IsSubject(uint8_t target) { return target >= 128; }

void TakeLeftovers(bool keeps, HintSpread& spread) {
  size_t taken = 0;
  const auto took = [&](size_t at) { return keeps ? spread.pull[at] > 0 : spread.pull[at] < 0; };
  for (size_t at = 0; at < spread.pull.size(); ++at) taken += took(at);
  const auto most = static_cast<size_t>((keeps ? kGap : kLeftover) * static_cast<double>(taken));
  if (most == 0) return;
  std::vector<uint8_t> seen(spread.pull.size(), 0);
  std::vector<size_t> island;
  for (size_t start = 0; start < spread.pull.size(); ++start) {
    if (seen[start] != 0 || IsSubject(spread.target[start]) == keeps) continue;
    island.assign(1, start);
    seen[start] = 1;
    bool beside = false, border = false, drawn = false;
    for (size_t next = 0; next < island.size(); ++next) {
      const int x = static_cast<int>(island[next] % static_cast<size_t>(spread.width));
      const int y = static_cast<int>(island[next] / static_cast<size_t>(spread.width));
      drawn |= spread.pull[island[next]] != 0 && !took(island[next]);
      for (const auto& [dx, dy] : {std::pair{1, 0}, {-1, 0}, {0, 1}, {0, -1}}) {
        const int u = x + dx, v = y + dy;
        if (u < 0 || u >= spread.width || v < 0 || v >= spread.height) {
          border = true;
          continue;
        }
        const size_t at = spread.at(u, v);
        if (IsSubject(spread.target[at]) == keeps) {
          beside |= took(at);
        } else if (seen[at] == 0) {
          seen[at] = 1;
          island.push_back(at);
        }
      }
    }
    // Background that reaches the border is none that was cut off.
    if (!beside || drawn || island.size() > most || (keeps && border)) continue;
    for (const size_t at : island) {
      spread.pull[at] = keeps ? 1.0f : -1.0f;
      spread.target[at] = keeps ? 255 : 0;
    }
  }
}

}  // namespace

Result<HintSpread> SpreadHints(ImageView<const uint8_t> picture, ImageView<const uint8_t> strokes,
                               ImageView<const uint8_t> matte, ThreadPool* pool) {
  Grid grid = MakeGrid(picture, strokes, matte, pool);
  const std::vector<uint32_t> keep = Costs(grid, grid.keep, 255);
  const std::vector<uint32_t> remove = Costs(grid, grid.remove, 0);
  HintSpread& spread = grid.spread;
  spread.target = spread.matte;
  for (size_t at = 0; at < spread.pull.size(); ++at) {
    const uint32_t cost = std::min(keep[at], remove[at]);
    if (cost >= kMostCost) continue;
    const double share = static_cast<double>(kMostCost - cost) / (2 * kFade * kBudget);
    const auto pull = static_cast<float>(std::min(share, 1.0));
    const bool keeps = keep[at] <= remove[at];
    spread.pull[at] = keeps ? pull : -pull;
    const float from = spread.matte[at], to = keeps ? 255 : 0;
    spread.target[at] = static_cast<uint8_t>(std::lround(from + pull * (to - from)));
  }
  TakeLeftovers(/*keeps=*/true, spread);
  TakeLeftovers(/*keeps=*/false, spread);
  return std::move(spread);
}

}  // namespace peel

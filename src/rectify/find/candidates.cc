#include "src/rectify/find/candidates.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <utility>

#include "src/image/rows.h"

namespace peel::quads {
namespace {

constexpr double kLeastSide = 0.06;  // of the picture's shorter side
constexpr double kLeastArea = 0.01;  // of the picture
constexpr double kFurthest = 0.35;   // a corner outside, in picture sides
constexpr double kLeastSine = 0.42;  // of a corner's angle
constexpr double kMostSineOpposite = 0.71;
constexpr double kLeastCover = 0.12;   // of a side
constexpr double kBorderWorth = 0.25;  // a side of the picture counts like one covered by so much

struct Crossing {
  float on_first, on_second;  // positions on the two lines
  bool good = false;
};

// The promise that so many of all that were found reach: who finds in the meantime what promises
// less need not keep it. Counted in steps, rounded down, so that it is never too high; which of the
// best are kept in the end then does not depend on who found what first.
class Bar {
 public:
  explicit Bar(size_t most) : most_(most) {}

  double promise() const { return kLowest + kStep * level_.load(std::memory_order_relaxed); }

  void Count(double promise) {
    const int level = std::clamp(static_cast<int>((promise - kLowest) / kStep), 0, kLevels - 1);
    counts_[static_cast<size_t>(level)].fetch_add(1, std::memory_order_relaxed);
    if (found_.fetch_add(1, std::memory_order_relaxed) % 256 != 255) return;
    size_t above = 0;
    int at = kLevels;
    while (at > 0 && above < most_) above += counts_[static_cast<size_t>(--at)];
    int before = level_.load(std::memory_order_relaxed);
    while (above >= most_ && before < at && !level_.compare_exchange_weak(before, at)) continue;
  }

 private:
  static constexpr double kLowest = 0.9, kStep = 1.0 / 128;
  static constexpr int kLevels = 256;
  const size_t most_;
  std::atomic<uint32_t> counts_[kLevels] = {};
  std::atomic<uint32_t> found_ = 0;
  std::atomic<int> level_ = 0;
};

// How much of a side edges cover, of what the picture shows of it.
double SideCover(const EdgeLine& line, double from, double to, double least) {
  if (from > to) std::swap(from, to);
  if (line.is_border) return kBorderWorth;
  const double seen_from = std::max(from, line.first()), seen_to = std::min(to, line.last());
  const double seen = seen_to - seen_from;
  if (seen < 0.3 * (to - from) || seen < least) return 0;
  return line.Covered(seen_from, seen_to) / seen;
}

}  // namespace

bool IsSensible(const Quad& quad, int width, int height) {
  const double side = std::min(width, height);
  if (!IsConvex(quad, kLeastSine * 0.7)) return false;
  if (SignedArea(quad) < kLeastArea * width * height) return false;
  for (size_t i = 0; i < 4; ++i) {
    const Point p = quad.corners[i];
    if (SideLength(quad, i) < kLeastSide * side) return false;
    if (p.x < -kFurthest * width || p.x > (1 + kFurthest) * width) return false;
    if (p.y < -kFurthest * height || p.y > (1 + kFurthest) * height) return false;
  }
  return true;
}

void RemoveDoubles(std::vector<Candidate>& candidates, double distance, size_t most) {
  std::vector<Candidate> kept;
  std::vector<Point> middles;  // near quads have near middles, which is quicker to see
  for (const Candidate& c : candidates) {
    if (kept.size() == most) break;
    Point middle;
    for (const Point p : c.quad.corners) middle = middle + 0.25 * p;
    bool is_new = true;
    for (size_t i = 0; i < kept.size() && is_new; ++i) {
      is_new = std::abs(middles[i].x - middle.x) >= distance ||
               std::abs(middles[i].y - middle.y) >= distance ||
               !AreNear(c.quad, kept[i].quad, distance);
    }
    if (!is_new) continue;
    kept.push_back(c);
    middles.push_back(middle);
  }
  candidates.swap(kept);
}

std::vector<Candidate> CombineLines(const std::vector<EdgeLine>& lines, int width, int height,
                                    size_t most, ThreadPool* pool) {
  const size_t n = lines.size();
  std::vector<Crossing> crossings(n * n);
  std::vector<float> sine(n * n);
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j < n; ++j) {
      const double s = Cross(lines[i].line().along, lines[j].line().along);
      sine[i * n + j] = static_cast<float>(s);
      if (i == j || std::abs(s) < kLeastSine) continue;
      const auto p = Intersection(lines[i].line(), lines[j].line());
      if (!p || p->x < -kFurthest * width || p->x > (1 + kFurthest) * width ||
          p->y < -kFurthest * height || p->y > (1 + kFurthest) * height) {
        continue;
      }
      crossings[i * n + j] = {static_cast<float>(lines[i].line().Position(*p)),
                              static_cast<float>(lines[j].line().Position(*p)), true};
    }
  }
  const double least_side = kLeastSide * std::min(width, height);
  const double picture_area = 1.0 * width * height;
  const size_t sorted = 8 * most;  // of which many are much like another
  Bar bar(sorted);
  std::vector<std::vector<Candidate>> of_line(n);  // by their first line
  struct Across {
    size_t line;
    double cover;  // of its part between the pair
  };
  const auto combine = [&](size_t i) {
    std::vector<Across> across;  // lines that cross both of a pair
    for (size_t k = i + 1; k < n; ++k) {
      if (std::abs(sine[i * n + k]) > kMostSineOpposite) continue;
      if (lines[i].is_border && lines[k].is_border) continue;
      across.clear();
      for (size_t j = i + 1; j < n; ++j) {
        if (j == k) continue;
        const Crossing &a = crossings[i * n + j], &b = crossings[k * n + j];
        if (a.good && b.good && std::abs(a.on_second - b.on_second) >= least_side) {
          const double cover = SideCover(lines[j], a.on_second, b.on_second, least_side / 2);
          if (cover >= kLeastCover) across.push_back({j, cover});
        }
      }
      for (size_t jj = 0; jj < across.size(); ++jj) {
        const size_t j = across[jj].line;
        const Crossing &ij = crossings[i * n + j], &kj = crossings[k * n + j];
        for (size_t ll = jj + 1; ll < across.size(); ++ll) {
          const size_t l = across[ll].line;
          if (std::abs(sine[j * n + l]) > kMostSineOpposite) continue;
          const Crossing &il = crossings[i * n + l], &kl = crossings[k * n + l];
          // The same order on both of a pair, or the sides cross.
          const double on_i = il.on_first - ij.on_first, on_k = kl.on_first - kj.on_first;
          if (std::abs(on_i) < least_side || std::abs(on_k) < least_side) continue;
          if ((on_i > 0) == (on_k > 0) ? Dot(lines[i].line().along, lines[k].line().along) < 0
                                       : Dot(lines[i].line().along, lines[k].line().along) > 0) {
            continue;
          }
          const int borders =
              lines[i].is_border + lines[j].is_border + lines[k].is_border + lines[l].is_border;
          if (borders > 1) continue;
          // With what is known so far a side more could at best be covered whole: most combinations
          // end here.
          const double steps = (lines[i].step + lines[j].step + lines[k].step + lines[l].step) / 4;
          double sum = across[jj].cover + across[ll].cover;
          double least = std::min(across[jj].cover, across[ll].cover);
          const auto promises = [&](int known) {
            return (sum + (4 - known)) / 4 + 0.4 * least + 0.8 * steps + 0.5 >= bar.promise();
          };
          const auto add = [&](double cover, int known) {
            sum += cover, least = std::min(least, cover);
            return cover >= kLeastCover && promises(known);
          };
          if (!promises(2) ||
              !add(SideCover(lines[i], ij.on_first, il.on_first, least_side / 2), 3) ||
              !add(SideCover(lines[k], kj.on_first, kl.on_first, least_side / 2), 4)) {
            continue;
          }
          double promise = sum / 4 + 0.4 * least + 0.8 * steps;
          Quad q{{lines[i].line().At(ij.on_first), lines[i].line().At(il.on_first),
                  lines[k].line().At(kl.on_first), lines[k].line().At(kj.on_first)}};
          if (SignedArea(q) < 0) std::swap(q.corners[1], q.corners[3]);
          const double area = SignedArea(q) / picture_area;
          promise += 0.5 * std::min(1.0, std::sqrt(std::max(area, 0.0)) * 1.6);
          if (promise < bar.promise() || !IsSensible(q, width, height)) continue;
          of_line[i].push_back({q, promise});
          bar.Count(promise);
        }
      }
    }
  };
  ForRowBands(
      static_cast<int>(n), pool, [&](int i, int, int) { combine(static_cast<size_t>(i)); }, 1);
  std::vector<Candidate> found;
  for (const std::vector<Candidate>& some : of_line) {
    std::copy_if(some.begin(), some.end(), std::back_inserter(found),
                 [&](const Candidate& c) { return c.promise >= bar.promise(); });
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const Candidate& a, const Candidate& b) { return a.promise > b.promise; });
  if (found.size() > sorted) found.resize(sorted);
  RemoveDoubles(found, 0.008 * std::hypot(width, height), most);
  return found;
}

}  // namespace peel::quads

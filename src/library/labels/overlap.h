#pragma once

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <span>
#include <vector>

namespace peel::library {

// A box by its corners, in any unit.
struct Corners {
  float left = 0, top = 0, right = 0, bottom = 0;
};

// Intersection over union; 0 where both are empty.
inline float Overlap(const Corners& a, const Corners& b) {
  const auto area = [](float width, float height) {
    return std::max(width, 0.0f) * std::max(height, 0.0f);
  };
  const float both = area(std::min(a.right, b.right) - std::max(a.left, b.left),
                          std::min(a.bottom, b.bottom) - std::max(a.top, b.top));
  const float all =
      area(a.right - a.left, a.bottom - a.top) + area(b.right - b.left, b.bottom - b.top) - both;
  return all > 0 ? both / all : 0.0f;
}

// Greedy non-maximum suppression over candidates of the same kind (Candidate: .corners, .score,
// .kind): by falling score, ties in their order, each is kept unless it overlaps one kept before by
// more than `limit`. The places of those kept, by falling score.
template <typename Candidate>
std::vector<size_t> KeepBest(std::span<const Candidate> candidates, float limit) {
  std::vector<size_t> order(candidates.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return candidates[a].score > candidates[b].score; });
  std::vector<size_t> kept;
  for (const size_t i : order) {
    const Candidate& c = candidates[i];
    const bool seen = std::any_of(kept.begin(), kept.end(), [&](size_t k) {
      return candidates[k].kind == c.kind && Overlap(candidates[k].corners, c.corners) > limit;
    });
    if (!seen) kept.push_back(i);
  }
  return kept;
}

}  // namespace peel::library

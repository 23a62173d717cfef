#include "src/rectify/plane.h"

#include <vector>

namespace peel::quads {

// Sutherland & Hodgman 1974: the one quad cut off at each side of the other.
double Overlap(const Quad& a, const Quad& b) {
  const double area_a = SignedArea(a), area_b = SignedArea(b);
  if (!(area_a > 0) || !(area_b > 0)) return 0;
  std::vector<Point> rest(a.corners.begin(), a.corners.end()), next;
  for (size_t i = 0; i < 4 && !rest.empty(); ++i) {
    const Line side = Side(b, i);
    next.clear();
    for (size_t j = 0; j < rest.size(); ++j) {
      const Point p = rest[j], q = rest[(j + 1) % rest.size()];
      const double at_p = side.Offset(p), at_q = side.Offset(q);
      if (at_p >= 0) next.push_back(p);
      if ((at_p >= 0) != (at_q >= 0)) next.push_back(p + (at_p / (at_p - at_q)) * (q - p));
    }
    rest.swap(next);
  }
  double both = 0;
  for (size_t j = 2; j < rest.size(); ++j) {
    both += 0.5 * Cross(rest[j - 1] - rest[0], rest[j] - rest[0]);
  }
  return std::clamp(both / (area_a + area_b - both), 0.0, 1.0);
}

}  // namespace peel::quads

#include "src/rectify/segments.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace peel::quads {
namespace {

constexpr int kMostGap = 3;  // pixels without an edge that a line may cross
constexpr double kShareOfEdges = 0.75;
constexpr double kSteepest = 1.3;  // of a line against its main axis

// A line v = base + slope * u fitted by least squares; u counts from the seed along the main axis.
class Fit {
 public:
  void Add(double u, double v) { ++n_, u_ += u, v_ += v, uu_ += u * u, uv_ += u * v; }
  void Solve() {
    const double spread = n_ * uu_ - u_ * u_;
    if (spread > 1e-9) slope = (n_ * uv_ - u_ * v_) / spread;
    base = (v_ - slope * u_) / n_;
  }
  double At(double u) const { return base + slope * u; }
  double count() const { return n_; }

  double base = 0, slope = 0;

 private:
  double n_ = 0, u_ = 0, v_ = 0, uu_ = 0, uv_ = 0;
};

class Grower {
 public:
  explicit Grower(EdgeMap& map) : map_(map) {}

  bool Grow(EdgeMap::Pixel seed, double min_length, Segment& out) {
    const int gx = map_.x.row(seed.y)[seed.x], gy = map_.y.row(seed.y)[seed.x];
    steep_ = std::abs(gx) > std::abs(gy);  // the line runs along y
    main_ = steep_ ? seed.y : seed.x;
    const double main_gradient = steep_ ? gy : gx, across = steep_ ? gx : gy;
    sign_ = across > 0 ? 1 : -1;
    fit_ = Fit();
    contrast_ = 0;
    Take(seed.x, seed.y, 0);
    fit_.slope = -main_gradient / across;
    const int ahead = Walk(1);
    const int behind = Walk(-1);
    if (fit_.count() < 0.5 * (ahead + behind + 1)) return false;
    fit_.Solve();
    const double length = (ahead + behind + 1) * std::hypot(1.0, fit_.slope);
    if (length < min_length || fit_.count() < kShareOfEdges * (ahead + behind + 1)) return false;
    // Ends are half a pixel beyond the last centres.
    Point a = PlaceAt(-behind - 0.5), b = PlaceAt(ahead + 0.5);
    const Point normal = Line::Through(a, b).Normal();
    if ((steep_ ? normal.x : normal.y) * sign_ < 0) std::swap(a, b);
    out = {a, b, length, contrast_ / (fit_.count() * kGradientScale)};
    return true;
  }

 private:
  Point PlaceAt(double u) const {
    const double v = fit_.At(u) + 0.5, w = main_ + u + 0.5;
    return steep_ ? Point{v, w} : Point{w, v};
  }

  // Where the ridge crosses the other axis, between pixels: the top of a parabola.
  double Crossing(int x, int y) const {
    const ptrdiff_t step = steep_ ? 1 : map_.length.stride();
    const uint16_t* m = map_.length.row(y) + x;
    const double before = m[-step], here = m[0], after = m[step];
    const double bend = before - 2 * here + after;
    const double shift = bend < 0 ? 0.5 * (before - after) / bend : 0;
    return (steep_ ? x : y) + std::clamp(shift, -0.5, 0.5);
  }

  void Take(int x, int y, int u) {
    map_.is_edge.row(y)[x] = 0;
    const double v = Crossing(x, y);
    fit_.Add(u, v);
    if (fit_.count() < 2) fit_.base = v;
    contrast_ += map_.length.row(y)[x];
  }

  // The gradient points to the same side as the seed's, within 22.5 degrees of the line's normal.
  bool Agrees(int x, int y) const {
    const double gx = map_.x.row(y)[x], gy = map_.y.row(y)[x];
    const double across = (steep_ ? gx : gy) * sign_, main = (steep_ ? gy : gx) * sign_;
    const double normal = across - main * fit_.slope;  // against (1, -slope)
    const double along = main + across * fit_.slope;
    return normal > 0 && std::abs(along) < 0.4142 * normal;
  }

  // Takes edge pixels one way until they end; how far the last one is.
  int Walk(int way) {
    int gap = 0, last = 0, next_solve = 4;
    for (int u = way; gap <= kMostGap; u += way) {
      const int main = main_ + u;
      if (main < 1 || main >= (steep_ ? map_.height() : map_.width()) - 1) break;
      if (std::abs(fit_.slope) > kSteepest) break;
      const double expected = fit_.At(u);
      const int middle = static_cast<int>(std::lround(expected));
      const int limit = (steep_ ? map_.width() : map_.height()) - 1;
      int best = -1;
      double nearest = fit_.count() < 8 ? 1.3 : 1.0;
      for (int v = std::max(middle - 1, 1); v <= std::min(middle + 1, limit - 1); ++v) {
        const int x = steep_ ? v : main, y = steep_ ? main : v;
        if (map_.is_edge.row(y)[x] == 0 || !Agrees(x, y)) continue;
        const double off = std::abs(Crossing(x, y) - expected);
        if (off < nearest) nearest = off, best = v;
      }
      if (best < 0) {
        ++gap;
        continue;
      }
      gap = 0;
      last = u;
      Take(steep_ ? best : main, steep_ ? main : best, u);
      // While the line is short its direction comes from the seed's gradient.
      if (fit_.count() >= next_solve) {
        fit_.Solve();
        next_solve = static_cast<int>(fit_.count() * 1.15) + 1;
      }
    }
    if (fit_.count() >= 4) fit_.Solve();
    return std::abs(last);
  }

  EdgeMap& map_;
  bool steep_ = false;
  int main_ = 0, sign_ = 1;
  Fit fit_;
  double contrast_ = 0;
};

}  // namespace

std::vector<Segment> FindSegments(EdgeMap& map, double min_length) {
  std::vector<Segment> segments;
  Grower grower(map);
  Segment segment;
  for (const EdgeMap::Pixel seed : map.edges) {
    if (map.is_edge.row(seed.y)[seed.x] == 0) continue;
    if (grower.Grow(seed, min_length, segment)) segments.push_back(segment);
  }
  std::stable_sort(segments.begin(), segments.end(),
                   [](const Segment& a, const Segment& b) { return a.length > b.length; });
  return segments;
}

}  // namespace peel::quads

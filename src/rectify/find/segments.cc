#include "src/rectify/find/segments.h"

#include <hwy/cache_control.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

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

// Grows a segment from a seed; `kSteep` if the line runs more along y than along x, whose main axis
// is then y. Steps along both axes are steps in memory, the same in all images of the map.
template <bool kSteep>
class Grower {
 public:
  explicit Grower(EdgeMap& map)
      : map_(map),
        main_size_(kSteep ? map.height() : map.width()),
        across_size_(kSteep ? map.width() : map.height()) {}

  bool Grow(EdgeMap::Pixel seed, double min_length, Segment& out) {
    main_ = kSteep ? seed.y : seed.x;
    const int across_at = kSteep ? seed.x : seed.y;
    const double main_gradient = *At(MainGradient(), main_, across_at);
    const double across = *At(AcrossGradient(), main_, across_at);
    sign_ = across > 0 ? 1 : -1;
    fit_ = Fit();
    contrast_ = 0;
    Take(main_, across_at, 0, Crossing(main_, across_at));
    fit_.slope = -main_gradient / across;
    const int ahead = Walk(1);
    const int behind = Walk(-1);
    if (fit_.count() < 0.5 * (ahead + behind + 1)) return false;
    fit_.Solve();
    const double length = (ahead + behind + 1) * std::sqrt(1 + fit_.slope * fit_.slope);
    if (length < min_length || fit_.count() < kShareOfEdges * (ahead + behind + 1)) return false;
    // Ends are half a pixel beyond the last centres.
    Point a = PlaceAt(-behind - 0.5), b = PlaceAt(ahead + 0.5);
    const Point normal = Line::Through(a, b).Normal();
    if ((kSteep ? normal.x : normal.y) * sign_ < 0) std::swap(a, b);
    out = {a, b, length, contrast_ / (fit_.count() * kGradientScale)};
    return true;
  }

 private:
  template <typename T>
  static T* At(Image<T>& image, int main, int across) {
    return kSteep ? image.row(main) + across : image.row(across) + main;
  }
  Image<int16_t>& MainGradient() const { return kSteep ? map_.y : map_.x; }
  Image<int16_t>& AcrossGradient() const { return kSteep ? map_.x : map_.y; }

  Point PlaceAt(double u) const {
    const double v = fit_.At(u) + 0.5, w = main_ + u + 0.5;
    return kSteep ? Point{v, w} : Point{w, v};
  }

  // Where the ridge crosses the other axis, between pixels: the top of a parabola.
  double Crossing(int main, int across) const {
    const ptrdiff_t step = kSteep ? 1 : map_.length.stride();
    const uint16_t* m = At(map_.length, main, across);
    const double before = m[-step], here = m[0], after = m[step];
    const double bend = before - 2 * here + after;
    const double shift = bend < 0 ? 0.5 * (before - after) / bend : 0;
    return across + std::clamp(shift, -0.5, 0.5);
  }

  void Take(int main, int across, int u, double crossing) {
    *At(map_.is_edge, main, across) = 0;
    fit_.Add(u, crossing);
    if (fit_.count() < 2) fit_.base = crossing;
    contrast_ += *At(map_.length, main, across);
  }

  // The gradient points to the same side as the seed's, within 22.5 degrees of the line's normal.
  bool Agrees(int main, int across_at) const {
    const double across = *At(AcrossGradient(), main, across_at) * sign_;
    const double along_main = *At(MainGradient(), main, across_at) * sign_;
    const double normal = across - along_main * fit_.slope;  // against (1, -slope)
    const double along = along_main + across * fit_.slope;
    return normal > 0 && std::abs(along) < 0.4142 * normal;
  }

  // Takes edge pixels one way until they end; how far the last one is.
  int Walk(int way) {
    int gap = 0, last = 0, next_solve = 4;
    for (int u = way; gap <= kMostGap; u += way) {
      const int main = main_ + u;
      if (main < 1 || main >= main_size_ - 1) break;
      if (std::abs(fit_.slope) > kSteepest) break;
      const double expected = fit_.At(u);
      // The nearest pixel; anything below -1.5 is outside all the same.
      const int middle = static_cast<int>(expected + 1.5) - 1;
      int best = -1;
      double nearest = fit_.count() < 8 ? 1.3 : 1.0, crossing = 0;
      for (int v = std::max(middle - 1, 1); v <= std::min(middle + 1, across_size_ - 2); ++v) {
        if (*At(map_.is_edge, main, v) == 0 || !Agrees(main, v)) continue;
        const double at = Crossing(main, v), off = std::abs(at - expected);
        if (off < nearest) nearest = off, best = v, crossing = at;
      }
      if (best < 0) {
        ++gap;
        continue;
      }
      gap = 0;
      last = u;
      Take(main, best, u, crossing);
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
  int main_size_, across_size_;
  int main_ = 0, sign_ = 1;
  Fit fit_;
  double contrast_ = 0;
};

// Whether a seed might lie on a line at all: in most of the three columns before and after it
// (rows, where it is steep) there must be an edge beside it. Texture is full of seeds of which none
// grows, and so one sees it without growing them. What is left out may still be part of another's
// line.
template <bool kSteep>
bool IsOnLine(const Image<uint8_t>& is_edge, EdgeMap::Pixel seed) {
  constexpr int kLook = 3, kEnough = 4;
  const int main = kSteep ? seed.y : seed.x;
  if (main < kLook || main + kLook + 1 >= (kSteep ? is_edge.height() : is_edge.width())) {
    return true;
  }
  const ptrdiff_t stride = is_edge.stride();
  if constexpr (kSteep) {
    const uint8_t* p = is_edge.row(seed.y) + seed.x;
    int columns = -(p[-1] | p[0] | p[1]);
    for (int u = -kLook; u <= kLook; ++u) {
      const uint8_t* q = p + u * stride;
      columns += q[-1] | q[0] | q[1];
    }
    return columns >= kEnough;
  } else {
    constexpr uint8_t kColumns[8] = {1, 1, 1, 0, 1, 1, 1, 0};
    uint64_t mask, above, here, below;
    const uint8_t* p = is_edge.row(seed.y) + seed.x - kLook;
    std::memcpy(&mask, kColumns, sizeof(mask));
    std::memcpy(&above, p - stride, sizeof(above));
    std::memcpy(&here, p, sizeof(here));
    std::memcpy(&below, p + stride, sizeof(below));
    return std::popcount((above | here | below) & mask) >= kEnough;
  }
}

// Seeds are looked at in the order of their strength, which is none in memory: what is needed of
// later ones is fetched ahead.
constexpr size_t kAhead = 12;

void FetchAhead(const EdgeMap& map, size_t seed) {
  if (seed + kAhead >= map.edges.size()) return;
  const EdgeMap::Pixel p = map.edges[seed + kAhead];
  for (int y = p.y - 1; y <= p.y + 1; ++y) hwy::Prefetch(map.is_edge.row(y) + p.x);
  hwy::Prefetch(map.x.row(p.y) + p.x);
  hwy::Prefetch(map.y.row(p.y) + p.x);
}

}  // namespace

std::vector<Segment> FindSegments(EdgeMap& map, double min_length) {
  std::vector<Segment> segments;
  Grower<false> flat(map);
  Grower<true> steep(map);
  Segment segment;
  for (size_t i = 0; i < map.edges.size(); ++i) {
    FetchAhead(map, i);
    const EdgeMap::Pixel seed = map.edges[i];
    if (map.is_edge.row(seed.y)[seed.x] == 0) continue;
    const int gx = map.x.row(seed.y)[seed.x], gy = map.y.row(seed.y)[seed.x];
    const bool is_steep = std::abs(gx) > std::abs(gy);
    if (!(is_steep ? IsOnLine<true>(map.is_edge, seed) : IsOnLine<false>(map.is_edge, seed))) {
      continue;
    }
    if (is_steep ? steep.Grow(seed, min_length, segment) : flat.Grow(seed, min_length, segment)) {
      segments.push_back(segment);
    }
  }
  std::stable_sort(segments.begin(), segments.end(),
                   [](const Segment& a, const Segment& b) { return a.length > b.length; });
  return segments;
}

}  // namespace peel::quads

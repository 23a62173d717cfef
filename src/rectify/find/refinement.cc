#include "src/rectify/find/refinement.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace peel::quads {
namespace {

constexpr int kMostPlaces = 192;      // along a side
constexpr double kPlaceStep = 3;      // pixels between them, on short sides
constexpr double kCornerZone = 0.05;  // of the side, left out at both ends
constexpr int kHalfProfile = 14;      // samples on either side of the middle
constexpr int kRounds = 3;
constexpr double kTukey = 4.685;      // standard deviations: 95 % efficient on normal errors
constexpr double kLeastShare = 0.25;  // of the places must agree on a side
constexpr double kMostBend = 0.03;    // of a side's length

// sRGB's bytes in linear light.
const std::array<float, 256>& LinearLight() {
  static const std::array<float, 256> table = [] {
    std::array<float, 256> t{};
    for (size_t i = 0; i < t.size(); ++i) {
      const double v = static_cast<double>(i) / 255;
      t[i] = static_cast<float>(v <= 0.04045 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4));
    }
    return t;
  }();
  return table;
}

struct Colour {
  float c[3] = {0, 0, 0};
};

float Dot(const Colour& a, const Colour& b) {
  return a.c[0] * b.c[0] + a.c[1] * b.c[1] + a.c[2] * b.c[2];
}

// Between pixels, bilinearly; p at least half a pixel within the picture.
Colour Sample(ImageView<const uint8_t> picture, Point p) {
  const std::array<float, 256>& linear = LinearLight();
  const double px = p.x - 0.5, py = p.y - 0.5;
  const int x = std::min(static_cast<int>(px), picture.width - 2);
  const int y = std::min(static_cast<int>(py), picture.height - 2);
  const auto fx = static_cast<float>(px - x), fy = static_cast<float>(py - y);
  const uint8_t* above = picture.row(y) + ptrdiff_t{x} * picture.channels;
  const uint8_t* below = above + picture.stride;
  Colour out;
  for (int c = 0; c < 3; ++c) {
    const float a = linear[above[c]], b = linear[above[c + picture.channels]];
    const float d = linear[below[c]], e = linear[below[c + picture.channels]];
    const float top = a + fx * (b - a), bottom = d + fx * (e - d);
    out.c[c] = top + fy * (bottom - top);
  }
  return out;
}

bool Inside(ImageView<const uint8_t> picture, Point p, double margin) {
  return p.x >= margin && p.y >= margin && p.x <= picture.width - margin &&
         p.y <= picture.height - margin;
}

// A side as found: offset from the side it began as, along its normal, over the position along it
// from -1 at its start to 1 at its end: a + b s + c (s^2 - 1 / 3).
struct Curve {
  double a = 0, b = 0, c = 0;
  double At(double s) const { return a + b * s + c * (s * s - 1.0 / 3); }
};

struct Place {
  double s, offset;
};

double Median(std::vector<double>& values) {
  const auto middle = values.begin() + static_cast<ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// Weighted least squares with 2 or 3 unknowns, by elimination.
Curve Solve(const std::vector<Place>& places, const std::vector<double>& weights, bool bent) {
  double m[3][4] = {};
  for (size_t i = 0; i < places.size(); ++i) {
    const double s = places[i].s, basis[3] = {1, s, s * s - 1.0 / 3};
    for (int r = 0; r < 3; ++r) {
      for (int k = 0; k < 3; ++k) m[r][k] += weights[i] * basis[r] * basis[k];
      m[r][3] += weights[i] * basis[r] * places[i].offset;
    }
  }
  const int n = bent ? 3 : 2;
  double x[3] = {0, 0, 0};
  for (int r = 0; r < n; ++r) {
    if (m[r][r] < 1e-9) return {};
    for (int below = r + 1; below < n; ++below) {
      const double f = m[below][r] / m[r][r];
      for (int k = r; k < 4; ++k) m[below][k] -= f * m[r][k];
    }
  }
  for (int r = n - 1; r >= 0; --r) {
    double v = m[r][3];
    for (int k = r + 1; k < n; ++k) v -= m[r][k] * x[k];
    x[r] = v / m[r][r];
  }
  return {x[0], x[1], x[2]};
}

struct Fitted {
  Curve curve;
  double scale = 0;  // robust standard deviation of the places that agree
  double share = 0;  // of all places
};

// From the best of many lines through two places each (least median of squares) by reweighted least
// squares.
Fitted FitRobustly(const std::vector<Place>& places, size_t asked, bool bent, double least_scale) {
  Fitted best;
  const size_t n = places.size();
  std::vector<double> errors(n), weights(n);
  double least = 1e300;
  const size_t tries = 48;
  for (size_t k = 0; k < tries; ++k) {
    // Pairs spread over the side: no random numbers, so that results repeat.
    const size_t i = k * 7919 % n, j = (i + n / 3 + k * 104729 % (n / 3 + 1)) % n;
    const double run = places[j].s - places[i].s;
    if (std::abs(run) < 0.2) continue;
    Curve line;
    line.b = (places[j].offset - places[i].offset) / run;
    line.a = places[i].offset - line.b * places[i].s;
    for (size_t e = 0; e < n; ++e) errors[e] = std::abs(places[e].offset - line.At(places[e].s));
    const double median = Median(errors);
    if (median < least) least = median, best.curve = line;
  }
  best.scale = std::max(1.4826 * least, least_scale);
  for (int round = 0; round < 8; ++round) {
    const bool with_bend = bent && round >= 2;
    double sum = 0;
    for (size_t e = 0; e < n; ++e) {
      const double u = (places[e].offset - best.curve.At(places[e].s)) / (kTukey * best.scale);
      weights[e] = std::abs(u) < 1 ? (1 - u * u) * (1 - u * u) : 0;
      sum += weights[e];
    }
    if (sum < 4) break;
    best.curve = Solve(places, weights, with_bend);
    errors.clear();
    for (size_t e = 0; e < n; ++e) {
      if (weights[e] > 0) {
        errors.push_back(std::abs(places[e].offset - best.curve.At(places[e].s)));
      }
    }
    const double agreeing = static_cast<double>(errors.size());
    best.share = agreeing / static_cast<double>(asked);
    best.scale = std::max(1.4826 * Median(errors), least_scale);
    errors.resize(n);
  }
  return best;
}

class SideSearch {
 public:
  SideSearch(ImageView<const uint8_t> picture, const Line& line, double length)
      : picture_(picture), line_(line), length_(length) {}

  // Offsets of the edge within `reach` pixels of `around`, where there is one.
  void Look(const Curve& around, double reach) {
    places_.clear();
    // No finer than half a pixel: finer profiles have nothing more to tell.
    const double step = std::max(reach / kHalfProfile, 0.5);
    const int half = static_cast<int>(std::ceil(reach / step)) + 1;
    const int width = 2 * half + 1;
    const int count = std::clamp(static_cast<int>(length_ / kPlaceStep), 8, kMostPlaces);
    slopes_.assign(static_cast<size_t>(count) * static_cast<size_t>(width), {});
    std::vector<double> at(static_cast<size_t>(count));
    std::vector<Colour> profile(static_cast<size_t>(width) + 2), mean(static_cast<size_t>(width));
    const Point normal = line_.Normal();
    int seen = 0;
    asked_ = 0;
    for (int j = 0; j < count; ++j) {
      const double share = kCornerZone + (1 - 2 * kCornerZone) * (j + 0.5) / count;
      const double s = 2 * share - 1;
      const Point middle = line_.At(share * length_) + around.At(s) * normal;
      if (!Inside(picture_, middle, 1)) continue;
      ++asked_;
      const double far = (half + 1) * step;
      if (!Inside(picture_, middle + far * normal, 1) ||
          !Inside(picture_, middle - far * normal, 1)) {
        continue;
      }
      for (int u = 0; u < width + 2; ++u) {
        profile[static_cast<size_t>(u)] =
            Sample(picture_, middle + ((u - half - 1) * step) * normal);
      }
      Colour* slope = slopes_.data() + static_cast<size_t>(seen) * static_cast<size_t>(width);
      for (size_t u = 0; u < static_cast<size_t>(width); ++u) {
        for (int c = 0; c < 3; ++c) {
          slope[u].c[c] = profile[u + 2].c[c] - profile[u].c[c];
          mean[u].c[c] += slope[u].c[c];
        }
      }
      at[static_cast<size_t>(seen++)] = s;
    }
    if (seen < 8) return;
    // What all places have in common is the side: there lies the peak, and in its colour direction
    // every single place is looked at. Nearer to where the side was expected is a little better.
    size_t top = 0;
    float highest = 0;
    for (size_t u = 0; u < static_cast<size_t>(width); ++u) {
      const double off = (static_cast<double>(u) - half) / half;
      const float height =
          std::sqrt(Dot(mean[u], mean[u])) * static_cast<float>(1 - 0.4 * off * off);
      if (height > highest) highest = height, top = u;
    }
    if (highest <= 0) return;
    Colour direction = mean[top];
    const float norm = std::sqrt(Dot(direction, direction));
    for (float& c : direction.c) c /= norm;
    const float enough = 0.25f * norm / static_cast<float>(seen);
    std::vector<float> height(static_cast<size_t>(width));
    for (int j = 0; j < seen; ++j) {
      const Colour* slope = slopes_.data() + static_cast<size_t>(j) * static_cast<size_t>(width);
      size_t best = 0;
      float value = 0;
      for (size_t u = 0; u < static_cast<size_t>(width); ++u) {
        height[u] = Dot(slope[u], direction);
        const double off = (static_cast<double>(u) - static_cast<double>(top)) / (2.0 * half);
        const float weighed = height[u] * static_cast<float>(1 - 0.5 * off * off);
        if (weighed > value) value = weighed, best = u;
      }
      if (value < enough || best == 0 || best + 1 == static_cast<size_t>(width)) continue;
      const double before = height[best - 1], here = height[best], after = height[best + 1];
      const double bend = before - 2 * here + after;
      const double shift = bend < 0 ? std::clamp(0.5 * (before - after) / bend, -0.5, 0.5) : 0;
      const double s = at[static_cast<size_t>(j)];
      places_.push_back({s, around.At(s) + (static_cast<double>(best) - half + shift) * step});
    }
  }

  const std::vector<Place>& places() const { return places_; }
  size_t asked() const { return static_cast<size_t>(asked_); }

 private:
  ImageView<const uint8_t> picture_;
  Line line_;
  double length_;
  int asked_ = 0;
  std::vector<Colour> slopes_;
  std::vector<Place> places_;
};

// The line that touches a side's curve at s.
Line Tangent(const Line& line, double length, const Curve& curve, double s) {
  const Point p = line.At((s + 1) / 2 * length) + curve.At(s) * line.Normal();
  const double slope = (curve.b + 2 * curve.c * s) * 2 / length;
  return Line::Through(p, p + line.along + slope * line.Normal());
}

}  // namespace

Refined Refine(ImageView<const uint8_t> picture, const Quad& quad, double reach, ThreadPool* pool) {
  Refined refined;
  refined.quad = quad;
  if (picture.width < 8 || picture.height < 8) return refined;
  Curve curves[4];
  const auto refine_side = [&](int64_t index, int) {
    const auto i = static_cast<size_t>(index);
    const double length = SideLength(quad, i);
    SideSearch search(picture, Side(quad, i), length);
    Curve& curve = curves[i];
    double within = reach;
    for (int round = 0; round < kRounds; ++round) {
      search.Look(curve, within);
      const std::vector<Place>& places = search.places();
      if (places.size() < 8) break;
      Fitted fitted = FitRobustly(places, search.asked(), false, 0.15);
      if (round > 0) {
        const Fitted bent = FitRobustly(places, search.asked(), true, 0.15);
        // A bend must explain something: the middle moves by more than chance would have it.
        if (bent.scale < 0.85 * fitted.scale && std::abs(bent.curve.c) < kMostBend * length &&
            bent.share >= fitted.share) {
          fitted = bent;
        }
      }
      if (fitted.share < kLeastShare) break;
      // Ends that leave the search's reach have followed something else.
      if (std::max(std::abs(fitted.curve.At(-1) - curve.At(-1)),
                   std::abs(fitted.curve.At(1) - curve.At(1))) > 2 * within + 2) {
        break;
      }
      curve = fitted.curve;
      refined.residual[i] = fitted.scale;
      refined.support[i] = fitted.share;
      within = std::max(within / 2, 3.0);
    }
  };
  if (pool != nullptr) {
    pool->ParallelFor(4, refine_side);
  } else {
    for (int64_t i = 0; i < 4; ++i) refine_side(i, 0);
  }
  Quad out = quad;
  for (size_t i = 0; i < 4; ++i) {
    const size_t before = (i + 3) % 4;
    const auto corner =
        Intersection(Tangent(Side(quad, before), SideLength(quad, before), curves[before], 1),
                     Tangent(Side(quad, i), SideLength(quad, i), curves[i], -1));
    if (!corner || Distance(*corner, quad.corners[i]) > 6 * reach + 4) return refined;
    out.corners[i] = *corner;
  }
  if (IsConvex(out)) refined.quad = out;
  return refined;
}

}  // namespace peel::quads

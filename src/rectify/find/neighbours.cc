#include "src/rectify/find/neighbours.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <numeric>

namespace peel::quads {
namespace {

constexpr double kSlack = 2;        // pixels by which what is within may stand out
constexpr double kClearly = 1.06;   // times the area: what counts as larger
constexpr double kOnSide = 2.5;     // pixels between sides that are the same
constexpr size_t kMostStrong = 64;  // candidates that all others are compared with, side by side

// How much of a quad's word counts about others: little where the picture hardly shows it.
double Shown(const Evidence& e) { return std::max(0.0, 1 - 2.5 * e[Evidence::kUnseen]); }

// How much a candidate is worth without a look at the others.
double Strength(const Evidence& e) {
  return e[Evidence::kWeakerCover] * (0.3 + 0.7 * e[Evidence::kWeakerStep]) *
         (1 - 0.5 * e[Evidence::kBeyond]) * Shown(e);
}

struct Shape {
  std::array<Point, 4> corners;
  std::array<Line, 4> sides;
  Point middle;
  double area = 0, strength = 0, shown = 0;
  double left = 1e9, top = 1e9, right = -1e9, bottom = -1e9;

  Shape(const Quad& quad, const Evidence& e)
      : corners(quad.corners), area(SignedArea(quad)), strength(Strength(e)), shown(Shown(e)) {
    for (size_t i = 0; i < 4; ++i) {
      const Point p = corners[i];
      sides[i] = Side(quad, i);
      middle = middle + 0.25 * p;
      left = std::min(left, p.x), right = std::max(right, p.x);
      top = std::min(top, p.y), bottom = std::max(bottom, p.y);
    }
  }

  bool Holds(Point p, double slack) const {
    return std::all_of(sides.begin(), sides.end(),
                       [&](const Line& side) { return side.Offset(p) >= -slack; });
  }
  // Whether it holds the other one, up to the slack, and is clearly larger.
  bool Encloses(const Shape& inner) const {
    if (inner.left < left - 2 * kSlack || inner.right > right + 2 * kSlack ||
        inner.top < top - 2 * kSlack || inner.bottom > bottom + 2 * kSlack) {
      return false;  // which most are
    }
    return area > kClearly * inner.area && std::all_of(inner.corners.begin(), inner.corners.end(),
                                                       [&](Point p) { return Holds(p, kSlack); });
  }
  // Sides of the other one that lie along sides of this one.
  int SharedSides(const Shape& inner) const {
    int shared = 0;
    for (size_t i = 0; i < 4; ++i) {
      const Point a = inner.corners[i], b = inner.corners[(i + 1) % 4];
      shared += std::any_of(sides.begin(), sides.end(), [&](const Line& side) {
        return std::abs(side.Offset(a)) <= kOnSide && std::abs(side.Offset(b)) <= kOnSide;
      });
    }
    return shared;
  }
};

void Raise(double& value, double to) { value = std::max(value, to); }

}  // namespace

void LookAround(const std::vector<Quad>& quads, std::vector<Evidence>& evidence) {
  std::vector<Shape> shapes;
  shapes.reserve(quads.size());
  for (size_t i = 0; i < quads.size(); ++i) shapes.emplace_back(quads[i], evidence[i]);
  for (size_t i = 0; i < quads.size(); ++i) {
    for (size_t j = 0; j < quads.size(); ++j) {
      const Shape &inner = shapes[i], &outer = shapes[j];
      double& enclosed = evidence[i][Evidence::kEnclosed];
      double& encloses = evidence[j][Evidence::kEncloses];
      if (i == j || (outer.strength <= enclosed && inner.strength <= encloses)) continue;
      if (!outer.Encloses(inner)) continue;
      Raise(enclosed, outer.strength);
      Raise(encloses, inner.strength * outer.shown);
    }
  }
  std::vector<size_t> strong(quads.size());
  std::iota(strong.begin(), strong.end(), size_t{0});
  std::stable_sort(strong.begin(), strong.end(),
                   [&](size_t a, size_t b) { return shapes[a].strength > shapes[b].strength; });
  if (strong.size() > kMostStrong) strong.resize(kMostStrong);
  for (size_t i = 0; i < quads.size(); ++i) {
    const Shape& own = shapes[i];
    Evidence& e = evidence[i];
    for (const size_t j : strong) {
      const Shape& other = shapes[j];
      if (i == j) continue;
      if (other.Encloses(own)) {
        if (other.strength > e[Evidence::kExtended] && other.SharedSides(own) >= 3) {
          e[Evidence::kExtended] = other.strength;
        }
      } else if (own.Encloses(other)) {
        if (other.strength > e[Evidence::kShortened] && own.SharedSides(other) >= 3) {
          e[Evidence::kShortened] = other.strength;
        }
      } else if (!other.Holds(own.middle, 0) && !own.Holds(other.middle, 0)) {
        Raise(e[Evidence::kRival], other.strength * other.area / (other.area + own.area));
      }
    }
  }
}

}  // namespace peel::quads

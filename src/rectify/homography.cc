#include "src/rectify/homography.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

namespace peel {
namespace {

// No picture is this wide; beyond it products of coordinates lose what tells corners apart.
constexpr double kFarthest = 1e9;
// Sines of angles below this are rounding and no corner.
constexpr double kSmallestSine = 1e-6;

double Cross(Point a, Point b) { return a.x * b.y - a.y * b.x; }
Point operator-(Point a, Point b) { return {a.x - b.x, a.y - b.y}; }
double Length(Point p) { return std::hypot(p.x, p.y); }

std::string Corner(int i) { return "corner " + std::to_string(i % 4 + 1); }

// m divided so that m[8] is 1, unless that is (nearly) nothing beside the others.
Homography Scaled(std::array<double, 9> m) {
  double largest = 0;
  for (const double v : m) largest = std::max(largest, std::abs(v));
  const double by = std::abs(m[8]) > 1e-12 * largest ? m[8] : largest;
  for (double& v : m) v /= by;
  return {m};
}

// The inverse times the determinant.
Result<std::array<double, 9>> Adjugate(const std::array<double, 9>& m) {
  const std::array<double, 9> adjugate = {
      m[4] * m[8] - m[5] * m[7], m[2] * m[7] - m[1] * m[8], m[1] * m[5] - m[2] * m[4],
      m[5] * m[6] - m[3] * m[8], m[0] * m[8] - m[2] * m[6], m[2] * m[3] - m[0] * m[5],
      m[3] * m[7] - m[4] * m[6], m[1] * m[6] - m[0] * m[7], m[0] * m[4] - m[1] * m[3]};
  const double determinant = m[0] * adjugate[0] + m[1] * adjugate[3] + m[2] * adjugate[6];
  // The determinant as it would be without any cancellation: what it is rounded from.
  const double terms = std::abs(m[0]) * (std::abs(m[4] * m[8]) + std::abs(m[5] * m[7])) +
                       std::abs(m[1]) * (std::abs(m[5] * m[6]) + std::abs(m[3] * m[8])) +
                       std::abs(m[2]) * (std::abs(m[3] * m[7]) + std::abs(m[4] * m[6]));
  constexpr double kRounding = 8 * std::numeric_limits<double>::epsilon();
  if (!(std::abs(determinant) > kRounding * terms) || !std::isfinite(terms)) {
    return InvalidArgument("this homography maps the plane onto a line and cannot be inverted");
  }
  return adjugate;
}

}  // namespace

Point Homography::operator()(Point p) const {
  const double w = m[6] * p.x + m[7] * p.y + m[8];
  return {(m[0] * p.x + m[1] * p.y + m[2]) / w, (m[3] * p.x + m[4] * p.y + m[5]) / w};
}

Result<Homography> Inverse(const Homography& h) {
  PEEL_ASSIGN_OR_RETURN(const auto adjugate, Adjugate(h.m));
  return Scaled(adjugate);
}

Homography operator*(const Homography& a, const Homography& b) {
  std::array<double, 9> m{};
  for (size_t row = 0; row < 3; ++row) {
    for (size_t column = 0; column < 3; ++column) {
      for (size_t k = 0; k < 3; ++k) m[3 * row + column] += a.m[3 * row + k] * b.m[3 * k + column];
    }
  }
  return Scaled(m);
}

Status CheckQuad(const Quad& quad) {
  const auto& c = quad.corners;
  for (int i = 0; i < 4; ++i) {
    const Point p = c[static_cast<size_t>(i)];
    if (!std::isfinite(p.x) || !std::isfinite(p.y)) {
      return InvalidArgument(Corner(i) + " is no place: its coordinates are not numbers");
    }
    if (std::abs(p.x) > kFarthest || std::abs(p.y) > kFarthest) {
      return InvalidArgument(Corner(i) + " is farther away than any picture is wide");
    }
  }
  double longest = 0;
  for (size_t i = 0; i < 4; ++i) {
    for (size_t j = i + 1; j < 4; ++j) longest = std::max(longest, Length(c[i] - c[j]));
  }
  for (int i = 0; i < 4; ++i) {
    for (int j = i + 1; j < 4; ++j) {
      const double apart = Length(c[static_cast<size_t>(i)] - c[static_cast<size_t>(j)]);
      if (!(apart > kSmallestSine * longest)) {
        return InvalidArgument("corners " + std::to_string(i + 1) + " and " +
                               std::to_string(j + 1) + " coincide; a quad needs four");
      }
    }
  }
  int right_turns = 0;
  for (int i = 0; i < 4; ++i) {
    const Point a = c[static_cast<size_t>(i)], b = c[static_cast<size_t>((i + 1) % 4)],
                next = c[static_cast<size_t>((i + 2) % 4)];
    const double sine = Cross(b - a, next - b) / (Length(b - a) * Length(next - b));
    if (std::abs(sine) < kSmallestSine) {
      return InvalidArgument(Corner(i + 1) + " lies in one line with its neighbours");
    }
    right_turns += sine > 0 ? 1 : 0;
  }
  switch (right_turns) {
    case 4:
      return OkStatus();
    case 0:
      return InvalidArgument(
          "the corners go anticlockwise; give them clockwise, beginning at the top left");
    case 2:
      return InvalidArgument(
          "the sides between the corners cross; give them clockwise, beginning at the top left");
    default:
      return InvalidArgument(
          "the corners make a concave quad, which no rectangle looks like to a camera");
  }
}

// The unit square to the quad is closed form (Heckbert, "Fundamentals of texture mapping and image
// warping", 1989, 2.2.3). It is taken relative to the first corner and in units of a power of two:
// well scaled, and exact for rectangles of whole pixels.
Result<Homography> QuadToRectangle(const Quad& quad, Size size) {
  PEEL_RETURN_IF_ERROR(CheckQuad(quad));
  if (size.width < 1 || size.height < 1) {
    return InvalidArgument("a rectangle needs a width and a height of at least one pixel");
  }
  const Point origin = quad.corners[0];
  double extent = 0;
  for (const Point& p : quad.corners) {
    extent = std::max({extent, std::abs(p.x - origin.x), std::abs(p.y - origin.y)});
  }
  const double unit = std::exp2(std::ceil(std::log2(extent)));
  std::array<Point, 4> p;
  for (size_t i = 0; i < 4; ++i) {
    p[i] = {(quad.corners[i].x - origin.x) / unit, (quad.corners[i].y - origin.y) / unit};
  }
  const Point across = p[1] - p[2], down = p[3] - p[2];
  const Point skew = {p[2].x - p[1].x - p[3].x, p[2].y - p[1].y - p[3].y};
  const double area = Cross(across, down);
  const double g = Cross(skew, down) / area, h = Cross(across, skew) / area;
  PEEL_ASSIGN_OR_RETURN(auto m, Adjugate({p[1].x + g * p[1].x, p[3].x + h * p[3].x, 0,  //
                                          p[1].y + g * p[1].y, p[3].y + h * p[3].y, 0,  //
                                          g, h, 1}));
  // Rows times the rectangle's sides, columns so that they take the picture's coordinates.
  for (size_t i = 0; i < 3; ++i) {
    m[i] *= size.width;
    m[3 + i] *= size.height;
  }
  for (size_t row = 0; row < 9; row += 3) {
    m[row + 2] = m[row + 2] * unit - m[row] * origin.x - m[row + 1] * origin.y;
  }
  return Scaled(m);
}

}  // namespace peel

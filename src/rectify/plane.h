#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "src/rectify/quad.h"

// Small plane geometry for the search for quads: points as vectors, lines, areas.
namespace peel::quads {

inline Point operator+(Point a, Point b) { return {a.x + b.x, a.y + b.y}; }
inline Point operator-(Point a, Point b) { return {a.x - b.x, a.y - b.y}; }
inline Point operator*(double s, Point a) { return {s * a.x, s * a.y}; }
inline double Dot(Point a, Point b) { return a.x * b.x + a.y * b.y; }
inline double Cross(Point a, Point b) { return a.x * b.y - a.y * b.x; }
inline double Norm(Point a) { return std::sqrt(Dot(a, a)); }  // faster than std::hypot
inline double Distance(Point a, Point b) { return Norm(a - b); }

// A point on it and its direction, of length 1.
struct Line {
  Point at, along;

  static Line Through(Point a, Point b) {
    const double length = std::max(Distance(a, b), 1e-12);
    return {a, (1 / length) * (b - a)};
  }
  // To the right of someone who walks along, in a picture whose y points down.
  Point Normal() const { return {-along.y, along.x}; }
  double Position(Point p) const { return Dot(p - at, along); }
  double Offset(Point p) const { return Dot(p - at, Normal()); }
  Point At(double position) const { return at + position * along; }
};

// Null where the lines are as good as parallel.
inline std::optional<Point> Intersection(const Line& a, const Line& b) {
  const double sine = Cross(a.along, b.along);
  if (std::abs(sine) < 1e-6) return std::nullopt;
  return a.At(Cross(b.at - a.at, b.along) / sine);
}

// Positive for corners that run clockwise in a picture.
inline double SignedArea(const Quad& q) {
  return 0.5 * Cross(q.corners[2] - q.corners[0], q.corners[3] - q.corners[1]);
}

// Convex and clockwise, every turn with a sine of at least `sine`.
inline bool IsConvex(const Quad& q, double sine = 1e-6) {
  for (size_t i = 0; i < 4; ++i) {
    const Point a = q.corners[(i + 1) % 4] - q.corners[i];
    const Point b = q.corners[(i + 2) % 4] - q.corners[(i + 1) % 4];
    if (!(Cross(a, b) > sine * Norm(a) * Norm(b))) return false;
  }
  return true;
}

// The side from corner i to the next one.
inline Line Side(const Quad& q, size_t i) {
  return Line::Through(q.corners[i % 4], q.corners[(i + 1) % 4]);
}
inline double SideLength(const Quad& q, size_t i) {
  return Distance(q.corners[i % 4], q.corners[(i + 1) % 4]);
}

// Whether all corresponding corners are nearer than `distance`, whichever corner comes first.
inline bool AreNear(const Quad& a, const Quad& b, double distance) {
  for (size_t turn = 0; turn < 4; ++turn) {
    bool near = true;
    for (size_t i = 0; i < 4 && near; ++i) {
      const Point d = a.corners[i] - b.corners[(i + turn) % 4];
      near = Dot(d, d) < distance * distance;
    }
    if (near) return true;
  }
  return false;
}

// The same quad beginning with the corner from which the side runs most to the right: the top left
// of what stands upright in the picture.
inline Quad Upright(const Quad& q) {
  size_t first = 0;
  double best = -2;
  for (size_t i = 0; i < 4; ++i) {
    // Opposite sides together tell more truly which way the page points than one of them.
    const double right = Side(q, i).along.x - Side(q, i + 2).along.x;
    if (right > best + 1e-9) best = right, first = i;
  }
  Quad turned;
  for (size_t i = 0; i < 4; ++i) turned.corners[i] = q.corners[(i + first) % 4];
  return turned;
}

// Overlap of two convex quads as intersection over union; 0 for degenerate ones.
double Overlap(const Quad& a, const Quad& b);

}  // namespace peel::quads

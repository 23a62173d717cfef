#pragma once

#include <array>
#include <cmath>

#include "src/rectify/quad.h"

namespace peel::quads {

// The directions in space of the two sides of a rectangle whose picture a quad is, but for the
// focal length: n2 and n3 of Zhang & He ("Whiteboard scanning and image enhancement", 2007,
// equations 11 to 14). Corners clockwise, from the principal point; they and focal lengths in units
// of half the picture's diagonal.
class Directions {
 public:
  explicit Directions(const std::array<Point, 4>& corners) {
    const auto at = [&](size_t i) { return Vector{corners[i].x, corners[i].y, 1}; };
    const Vector m1 = at(0), m2 = at(1), m4 = at(2), m3 = at(3);
    const double k2 = Dot(Cross(m1, m4), m3) / Dot(Cross(m2, m4), m3);
    const double k3 = Dot(Cross(m1, m4), m2) / Dot(Cross(m3, m4), m2);
    across_ = {k2 * m2.x - m1.x, k2 * m2.y - m1.y, k2 - 1};
    down_ = {k3 * m3.x - m1.x, k3 * m3.y - m1.y, k3 - 1};
  }

  // Of the angle between both sides; 0 for the true focal length.
  double Cosine(double focal) const {
    const double inner =
        (across_.x * down_.x + across_.y * down_.y) / (focal * focal) + across_.z * down_.z;
    return inner / (Length(across_, focal) * Length(down_, focal));
  }
  // Width / height of the rectangle.
  double Ratio(double focal) const { return Length(across_, focal) / Length(down_, focal); }
  // Cosine of the angle between the way the camera looks and the one the rectangle faces.
  double Facing(double focal) const {
    const Vector a{across_.x / focal, across_.y / focal, across_.z};
    const Vector b{down_.x / focal, down_.y / focal, down_.z};
    const Vector normal = Cross(a, b);
    return std::abs(normal.z) / std::sqrt(Dot(normal, normal));
  }

 private:
  struct Vector {
    double x = 0, y = 0, z = 0;
  };
  static Vector Cross(Vector a, Vector b) {
    return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
  }
  static double Dot(Vector a, Vector b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
  static double Length(Vector v, double focal) {
    return std::sqrt((v.x * v.x + v.y * v.y) / (focal * focal) + v.z * v.z);
  }

  Vector across_, down_;
};

}  // namespace peel::quads

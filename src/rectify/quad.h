#pragma once

#include <array>

namespace peel {

// A place in the plane of a picture. The picture covers [0, width) x [0, height); the centre of its
// first pixel is at 0.5, 0.5.
struct Point {
  double x = 0, y = 0;
  bool operator==(const Point&) const = default;
};

// The corners of a flat rectangle as a camera sees it, clockwise from the top left of its reading
// direction. They may lie outside of the picture.
struct Quad {
  std::array<Point, 4> corners{};
  bool operator==(const Quad&) const = default;
};

// What is looked for: a sheet, card or book's page; the front of a product; a screen, board or
// painting.
enum class QuadKind { kAuto, kDocument, kProduct, kScreen };

}  // namespace peel

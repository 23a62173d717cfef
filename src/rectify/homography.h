#pragma once

#include <array>

#include "src/base/status.h"
#include "src/image/geometry.h"
#include "src/rectify/quad.h"

namespace peel {

// A projective map of the plane, row by row: (x, y, 1) to (m0 x + m1 y + m2, …), divided by the
// third.
struct Homography {
  std::array<double, 9> m{1, 0, 0, 0, 1, 0, 0, 0, 1};

  // Far away (or infinite) for points near the horizon.
  Point operator()(Point p) const;
};

// kInvalidArgument for a singular one.
Result<Homography> Inverse(const Homography& h);
Homography operator*(const Homography& a, const Homography& b);  // first b, then a

// Maps the quad's corners to those of [0, size.width] x [0, size.height]; m[8] is 1 where it can
// be. kInvalidArgument for corners that coincide, are in a line, cross or are not convex.
Result<Homography> QuadToRectangle(const Quad& quad, Size size);

// kInvalidArgument, with the reason, for corners that are no quad a camera could see of a
// rectangle: not finite, coinciding, in a line, crossing, concave or anticlockwise.
Status CheckQuad(const Quad& quad);

}  // namespace peel

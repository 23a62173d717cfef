#pragma once

#include "src/image/geometry.h"
#include "src/rectify/quad.h"

namespace peel::quads {

// What a quad would be in space if it were a rectangle's picture, with the focal length that suits
// it best among those that lenses have. Four lines that happen to meet make no right angle with any
// of them.
struct Perspective {
  double skew = 0;    // cosine of the angle between its sides, at most 0.6
  double odd = 0;     // how unlikely skew and focal length are together, 0 to 8: minus a logarithm
  double length = 0;  // logarithm of the longer side over the shorter one, at most 2.5
  double facing = 1;  // cosine of the angle under which the camera looks at it
  double known = 0;   // nearness of the proportions to paper's, cards' and screens', 0 to 1
};

// For a convex clockwise quad in a picture of this size, whose principal point is at its centre.
// focal_px > 0 is the lens's own focal length.
Perspective LookAtPerspective(const Quad& quad, Size picture, double focal_px);

}  // namespace peel::quads

#pragma once

#include <cstdint>
#include <vector>

#include "src/image/image.h"
#include "src/rectify/plane.h"

namespace peel::quads {

// Quads around the parts of a soft matte (1 channel), largest part first: of each part that has at
// least a hundredth of the picture the convex hull, its border where the matte passes one half
// (between pixels), taken down to four sides by leaving out the side that costs least area; and the
// rectangle of least area around it. Holes and dents do not count. Clockwise, in the plane of the
// matte.
std::vector<Quad> QuadsAroundMatte(ImageView<const uint8_t> matte);

// Clockwise in a picture; points in a line are left out.
std::vector<Point> ConvexHull(std::vector<Point> points);

// A convex clockwise polygon with fewer sides around the given one: one side after the other is
// left out, its neighbours prolonged until they meet, always the one that adds least area. Empty
// where that is impossible.
std::vector<Point> ReduceSides(std::vector<Point> polygon, size_t sides);

// The rectangle of least area around a convex clockwise polygon (Freeman & Shapira 1975).
Quad LeastRectangle(const std::vector<Point>& hull);

}  // namespace peel::quads

#pragma once

#include <vector>

#include "src/rectify/find/edge_map.h"
#include "src/rectify/plane.h"

namespace peel::quads {

// A straight piece of an edge, in the plane of its edge map. Its gradient points to the side of
// Line::Normal(), so that going from a to b has the brighter side (or the redder, the bluer one) on
// the right.
struct Segment {
  Point a, b;
  double length = 0;
  double contrast = 0;  // mean gradient in levels a pixel
};

// Straight edge pieces of at least min_length pixels, longest first. Like LSD (Grompone von Gioi et
// al. 2010) they hold pixels whose gradients agree with the line's normal, so that texture makes
// none however strong it is; like EDLines (Akinlar & Topal 2011) they grow along the ridge of the
// gradient, one pixel after the other, so that little work is done. Pixels of map.is_edge are used
// up: it is left without the edges of the segments.
std::vector<Segment> FindSegments(EdgeMap& map, double min_length);

}  // namespace peel::quads

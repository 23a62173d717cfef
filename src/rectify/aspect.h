#pragma once

#include <string_view>

#include "src/image/geometry.h"
#include "src/rectify/quad.h"

namespace peel {

struct Aspect {
  double ratio = 1;     // width / height of the rectangle
  double focal_px = 0;  // found or given; 0: neither
  double spread = 0;    // relative standard error of the ratio, for corners wrong by a pixel
};

// The proportions of the rectangle whose picture the quad is (Zhang & He, "Whiteboard scanning and
// image enhancement", 2007): its vanishing points give the focal length, with the principal point
// at the centre of a picture of this size and square pixels. focal_px > 0 is the lens's own, which
// counts where vanishing points lie too far away to tell.
Aspect EstimateAspect(const Quad& quad, Size picture, double focal_px);

// Known proportions within 3 % of a ratio (width / height, either way round): A4, Letter, ID-1,
// 4:3, 16:9, 3:2. Null: none. The names are those of `--ratio`.
struct KnownRatio {
  const char* name;
  double ratio;                // width / height, >= 1
  double width_mm, height_mm;  // landscape; 0: no size belongs to it
};
const KnownRatio* NearestKnownRatio(double ratio, double tolerance = 0.03);
// By its name: "a4", "letter", "id1", "4:3", "16:9", "3:2". Null: no such name.
const KnownRatio* FindKnownRatio(std::string_view name);

}  // namespace peel

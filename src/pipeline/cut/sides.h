#pragma once

#include <string_view>

#include "src/base/status.h"
#include "src/image/geometry.h"
#include "src/pipeline/cut/framing.h"

// Lengths that belong to the four sides of a box.
namespace peel {

// Room around a subject; percentages are of its longer side. What lies beyond the picture's border
// is cut off, negative room counts as none.
struct Margins {
  Margins() = default;
  Margins(Length all)  // NOLINT(google-explicit-constructor)
      : top(all), right(all), bottom(all), left(all) {}
  Margins(Length top, Length right, Length bottom, Length left)
      : top(top), right(right), bottom(bottom), left(left) {}

  Length top, right, bottom, left;
  bool operator==(const Margins&) const = default;
};

// One length for all sides, two for above and below, left and right, or four from the top
// clockwise, as in CSS, with commas between: "20", "5%,0", "1,2,3,4". None is negative.
Result<Margins> ParseMargins(std::string_view text);

// The subject's box with its margins, within a picture of this size.
Box WithMargins(Box subject, const Margins& margins, Size picture);

// The part of a picture between two points, each counted from the left and the top; percentages are
// of the picture's width and height.
struct Region {
  Length left, top, right, bottom;
  bool operator==(const Region&) const = default;
};

// "LEFT,TOP,RIGHT,BOTTOM".
Result<Region> ParseRegion(std::string_view text);

// The region of a picture of size `full`, in the pixels of a version scaled to size `scaled`: cut
// off at the borders. kInvalidArgument where nothing is left of it.
Result<Box> BoxOf(const Region& region, Size full, Size scaled);

}  // namespace peel

#include "src/pipeline/cut/sides.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <string>

namespace peel {
namespace {

constexpr size_t kSides = 4;

// As many lengths as there are, up to four; *count says how many.
Result<std::array<Length, kSides>> ParseLengths(std::string_view text, size_t* count) {
  std::array<Length, kSides> lengths;
  for (*count = 0; *count < kSides;) {
    const size_t comma = text.find(',');
    PEEL_ASSIGN_OR_RETURN(lengths[*count], ParseLength(text.substr(0, comma)));
    ++*count;
    if (comma == std::string_view::npos) return lengths;
    text.remove_prefix(comma + 1);
  }
  *count = kSides + 1;
  return lengths;
}

std::string Quoted(std::string_view text) { return std::string("\"").append(text).append("\""); }

// A point on one axis of the full picture, in the pixels of the scaled one.
int Place(const Length& at, int full, int scaled) {
  const double share = at.percent ? at.value / 100 : at.value / full;
  return static_cast<int>(std::lround(std::clamp(share, 0.0, 1.0) * scaled));
}

}  // namespace

Result<Margins> ParseMargins(std::string_view text) {
  size_t count = 0;
  PEEL_ASSIGN_OR_RETURN(const auto sides, ParseLengths(text, &count));
  if (count == 3 || count > kSides) {
    return InvalidArgument(Quoted(text) +
                           " are not margins; write one length, two (above and below, left and "
                           "right) or four (top, right, bottom, left)");
  }
  if (std::ranges::any_of(sides, [](const Length& side) { return side.value < 0; })) {
    return InvalidArgument("a margin is not negative");
  }
  if (count == 1) return Margins(sides[0]);
  if (count == 2) return Margins(sides[0], sides[1], sides[0], sides[1]);
  return Margins(sides[0], sides[1], sides[2], sides[3]);
}

Box WithMargins(Box subject, const Margins& margins, Size picture) {
  const int longer = std::max(subject.width, subject.height);
  const auto room = [&](const Length& side) { return int64_t{std::max(side.Pixels(longer), 0)}; };
  const auto within = [](int64_t v, int limit) {
    return static_cast<int>(std::clamp<int64_t>(v, 0, limit));
  };
  const int x0 = within(subject.x - room(margins.left), picture.width);
  const int y0 = within(subject.y - room(margins.top), picture.height);
  const int x1 = within(int64_t{subject.x} + subject.width + room(margins.right), picture.width);
  const int y1 = within(int64_t{subject.y} + subject.height + room(margins.bottom), picture.height);
  return {x0, y0, x1 - x0, y1 - y0};
}

Result<Region> ParseRegion(std::string_view text) {
  size_t count = 0;
  PEEL_ASSIGN_OR_RETURN(const auto sides, ParseLengths(text, &count));
  if (count != kSides) {
    return InvalidArgument(Quoted(text) + " is not a region; write LEFT,TOP,RIGHT,BOTTOM");
  }
  return Region{sides[0], sides[1], sides[2], sides[3]};
}

Result<Box> BoxOf(const Region& region, Size full, Size scaled) {
  const int x0 = Place(region.left, full.width, scaled.width);
  const int y0 = Place(region.top, full.height, scaled.height);
  const int x1 = Place(region.right, full.width, scaled.width);
  const int y1 = Place(region.bottom, full.height, scaled.height);
  if (x1 <= x0 || y1 <= y0) {
    return InvalidArgument("the region of interest holds no pixel of a picture of " +
                           std::to_string(full.width) + "x" + std::to_string(full.height) +
                           "; its right and bottom, like its left and top, count from the "
                           "picture's left and upper border");
  }
  return Box{x0, y0, x1 - x0, y1 - y0};
}

}  // namespace peel

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace peel::library {

// Two items that belong together, and how far they are apart.
struct Link {
  uint32_t a = 0, b = 0;
  float distance = 0;
};

struct Star {
  uint32_t centre = 0;
  std::vector<Link> rays;  // a is the centre, by distance, then by item
};

// Takes links apart into stars, each item in one of them at most: again and again the item with
// most links to what is left, of equal ones the first, with all that it is linked to. Links may
// repeat and stand either way round; the shortest of a pair counts. In the order of their centres.
std::vector<Star> TakeStars(std::span<const Link> links, size_t items);

}  // namespace peel::library

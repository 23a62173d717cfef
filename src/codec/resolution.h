#pragma once

#include <cstdint>

namespace peel {

// How large a pixel is meant to be shown or printed.
struct Resolution {
  // kNone: x to y is the shape of a pixel and nothing more (x=2, y=1: twice as high as wide).
  enum class Unit : uint8_t { kNone, kInch, kCentimetre };

  // Pixels a unit across and down; both above 0 and finite, or both 0 where nothing is told.
  double x = 0;
  double y = 0;
  Unit unit = Unit::kNone;

  bool known() const { return x > 0 && y > 0; }
  bool operator==(const Resolution&) const = default;
};

}  // namespace peel

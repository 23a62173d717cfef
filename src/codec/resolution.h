#pragma once

#include <array>
#include <cstdint>
#include <optional>

namespace peel {

// How large a pixel is meant to be shown or printed.
struct Resolution {
  // kNone: x to y is the shape of a pixel and nothing more (x=2, y=1: twice as high as wide).
  enum class Unit : uint8_t { kNone, kInch, kCentimetre };

  // Pixels a unit across and down; both above 0 and finite, or both 0 where unknown.
  double x = 0;
  double y = 0;
  Unit unit = Unit::kNone;

  bool known() const { return x > 0 && y > 0; }
  bool operator==(const Resolution&) const = default;
};

// A resolution from a file: nothing where the numbers cannot be one, or where they say of a pixel
// no more than that it is square.
Resolution MakeResolution(double x, double y, Resolution::Unit unit);
// Whole pixels a metre, as PNG and BMP have them: whole pixels an inch where they are rounded from
// such.
Resolution ResolutionPerMetre(uint32_t x, uint32_t y);
Resolution PixelAspect(uint32_t x, uint32_t y);

// As whole numbers of 1 to `most` for PNG (pixels a metre, or of a pixel's shape) and JFIF (pixels
// an inch or a centimetre, whichever is the closer, or the shape). Nothing where it cannot be said
// so.
struct WholeResolution {
  uint32_t x = 0;
  uint32_t y = 0;
  Resolution::Unit unit = Resolution::Unit::kNone;
};
std::optional<WholeResolution> WholePerMetre(const Resolution& resolution, uint32_t most);
std::optional<WholeResolution> WholePerUnit(const Resolution& resolution, uint32_t most);

// Numerator and denominator, as TIFF and EXIF write a number above 0 and below 2^32.
std::array<uint32_t, 2> Rational(double v);

}  // namespace peel

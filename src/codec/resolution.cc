#include "src/codec/resolution.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace peel {
namespace {

constexpr double kInchesPerMetre = 1 / 0.0254;
constexpr double kMost = 1e9;
// What is left of a decimal fraction in a float, in which libtiff keeps resolutions.
constexpr double kFloatError = 2e-7;

bool IsWhole(double v) { return std::abs(v - std::round(v)) <= std::min(kFloatError * v, 0.01); }

std::optional<WholeResolution> Rounded(double x, double y, uint32_t most, Resolution::Unit unit) {
  x = std::round(x);
  y = std::round(y);
  if (!(x >= 1 && y >= 1 && x <= most && y <= most)) return {};
  return WholeResolution{static_cast<uint32_t>(x), static_cast<uint32_t>(y), unit};
}

// The shape x : y in whole numbers.
std::optional<WholeResolution> Shape(double x, double y, uint32_t most) {
  if (std::max(x, y) / std::min(x, y) > most) return {};
  for (int times = 1; times <= 1000; ++times) {
    if (x * times <= most && y * times <= most && IsWhole(x * times) && IsWhole(y * times)) {
      return Rounded(x * times, y * times, most, Resolution::Unit::kNone);
    }
  }
  const double scale = std::min<double>(most, 30000) / std::max(x, y);
  return Rounded(std::max(x * scale, 1.0), std::max(y * scale, 1.0), most, Resolution::Unit::kNone);
}

}  // namespace

Resolution MakeResolution(double x, double y, Resolution::Unit unit) {
  constexpr double kLeast = 1 / kMost;
  if (!(x >= kLeast && x <= kMost && y >= kLeast && y <= kMost)) return {};
  if (unit == Resolution::Unit::kNone && x == y) return {};
  return {x, y, unit};
}

Resolution ResolutionPerMetre(uint32_t x, uint32_t y) {
  const double inch_x = std::round(x / kInchesPerMetre), inch_y = std::round(y / kInchesPerMetre);
  const bool from_inches =
      std::round(inch_x * kInchesPerMetre) == x && std::round(inch_y * kInchesPerMetre) == y;
  if (from_inches) return MakeResolution(inch_x, inch_y, Resolution::Unit::kInch);
  return MakeResolution(x / 100.0, y / 100.0, Resolution::Unit::kCentimetre);
}

Resolution PixelAspect(uint32_t x, uint32_t y) {
  return MakeResolution(x, y, Resolution::Unit::kNone);
}

std::optional<WholeResolution> WholePerMetre(const Resolution& resolution, uint32_t most) {
  if (!resolution.known()) return {};
  if (resolution.unit == Resolution::Unit::kNone) return Shape(resolution.x, resolution.y, most);
  const double scale = resolution.unit == Resolution::Unit::kInch ? kInchesPerMetre : 100;
  return Rounded(resolution.x * scale, resolution.y * scale, most, resolution.unit);
}

std::optional<WholeResolution> WholePerUnit(const Resolution& resolution, uint32_t most) {
  if (!resolution.known()) return {};
  const auto [x, y, unit] = resolution;
  if (unit == Resolution::Unit::kNone) return Shape(x, y, most);
  constexpr double kCentimetresPerInch = 2.54;
  const bool whole = IsWhole(x) && IsWhole(y);
  if (unit == Resolution::Unit::kCentimetre && !whole) {
    // An inch is the finer ruler.
    return Rounded(x * kCentimetresPerInch, y * kCentimetresPerInch, most, Resolution::Unit::kInch);
  }
  return Rounded(x, y, most, unit);
}

std::array<uint32_t, 2> Rational(double v) {
  uint32_t below = 1;
  // Decimal fractions, as people write them, exactly; else as close as there is room.
  while (below < 1000000 && !IsWhole(v * below) && v * below * 10 < UINT32_MAX) below *= 10;
  return {static_cast<uint32_t>(std::clamp(std::round(v * below), 1.0, double{UINT32_MAX})), below};
}

}  // namespace peel

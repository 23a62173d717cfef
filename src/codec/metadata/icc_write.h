#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace peel {

// Primaries and white of a colour space as CIE 1931 x and y.
struct Chromaticities {
  double rx, ry, gx, gy, bx, by, wx, wy;
};

inline constexpr Chromaticities kSrgbChromaticities = {0.64, 0.33, 0.30,   0.60,
                                                       0.15, 0.06, 0.3127, 0.3290};

// Curve tags: from a device value to light, both 0 to 1.
std::vector<uint8_t> IccGammaCurve(double gamma);
// v < d: c v; else (a v + b)^g.
std::vector<uint8_t> IccParametricCurve(double g, double a, double b, double c, double d);
std::vector<uint8_t> IccTableCurve(std::span<const uint16_t> table);
std::vector<uint8_t> IccSrgbCurve();

// An ICC profile (version 4.2) of matrix and curve, with one curve for the three channels and the
// white adapted to D50 by Bradford's method. The bytes depend on the arguments alone. Empty where
// the chromaticities span no colour space: a white without light, primaries on one line, a white
// outside of them.
std::vector<uint8_t> WriteMatrixIcc(const Chromaticities& chromaticities,
                                    std::span<const uint8_t> curve, std::string_view name);

}  // namespace peel

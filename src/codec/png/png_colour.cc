#include "src/codec/png/png_colour.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "src/codec/metadata/icc.h"
#include "src/codec/metadata/icc_write.h"

namespace peel {
namespace {

constexpr double kUnit = 100000;
constexpr double kSrgbGama = 45455;
// Writers round: 0.45, 0.4545, 1/2.2; and white points of three digits.
constexpr double kGamaTolerance = 600;
constexpr double kChromaticityTolerance = 0.003;
// Beyond these nothing can be seen any more.
constexpr double kLeastGama = 10000, kMostGama = 1000000;

bool IsSrgb(const Chromaticities& c) {
  const Chromaticities& s = kSrgbChromaticities;
  const std::array<double, 8> difference = {c.rx - s.rx, c.ry - s.ry, c.gx - s.gx, c.gy - s.gy,
                                            c.bx - s.bx, c.by - s.by, c.wx - s.wx, c.wy - s.wy};
  return std::ranges::all_of(difference,
                             [](double d) { return std::abs(d) <= kChromaticityTolerance; });
}

std::optional<Chromaticities> Sane(const std::array<uint32_t, 8>& chrm) {
  std::array<double, 8> v = {};
  for (size_t i = 0; i < v.size(); ++i) v[i] = chrm[i] / kUnit;
  for (size_t i = 0; i < v.size(); i += 2) {
    if (v[i] + v[i + 1] > 1) return {};
  }
  return Chromaticities{v[2], v[3], v[4], v[5], v[6], v[7], v[0], v[1]};
}

}  // namespace

std::vector<uint8_t> PngIcc(const PngColours& colours, std::vector<uint8_t> icc) {
  if (colours.cicp && CicpTells(*colours.cicp)) return IccFromCicp(*colours.cicp);
  if (IccColourSpace(icc) != IccSpace::kInvalid) return icc;
  if (colours.srgb) return {};

  const double gama = colours.gama.value_or(0);
  const bool gama_told = gama >= kLeastGama && gama <= kMostGama;
  const auto curve = gama_told ? IccGammaCurve(kUnit / gama) : IccSrgbCurve();
  std::vector<uint8_t> made;
  if (const auto space = colours.chrm ? Sane(*colours.chrm) : std::nullopt;
      space && !IsSrgb(*space)) {
    made = WriteMatrixIcc(*space, curve, gama_told ? "PNG gamma and primaries" : "PNG primaries");
  }
  if (made.empty() && gama_told && std::abs(gama - kSrgbGama) > kGamaTolerance) {
    made = WriteMatrixIcc(kSrgbChromaticities, curve, "PNG gamma");
  }
  return made.empty() ? icc : made;
}

}  // namespace peel

#include "src/codec/metadata/cicp.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string>

#include "src/codec/metadata/icc_write.h"

namespace peel {
namespace {

constexpr double kReferenceWhite = 203;  // cd/m²
constexpr int kTableSize = 4096;

struct Space {
  const char* name;
  Chromaticities chromaticities;
};

// Primaries by H.273, table 2.
std::optional<Space> SpaceOf(int primaries) {
  switch (primaries) {
    case 1:
      return Space{"BT.709", kSrgbChromaticities};
    case 4:
      return Space{"BT.470 M", {0.67, 0.33, 0.21, 0.71, 0.14, 0.08, 0.310, 0.316}};
    case 5:
      return Space{"BT.470 BG", {0.64, 0.33, 0.29, 0.60, 0.15, 0.06, 0.3127, 0.3290}};
    case 6:
    case 7:
      return Space{"BT.601", {0.630, 0.340, 0.310, 0.595, 0.155, 0.070, 0.3127, 0.3290}};
    case 9:
      return Space{"BT.2020", {0.708, 0.292, 0.170, 0.797, 0.131, 0.046, 0.3127, 0.3290}};
    case 11:
      return Space{"DCI P3", {0.680, 0.320, 0.265, 0.690, 0.150, 0.060, 0.314, 0.351}};
    case 12:
      return Space{"Display P3", {0.680, 0.320, 0.265, 0.690, 0.150, 0.060, 0.3127, 0.3290}};
    default:
      return {};
  }
}

std::vector<uint8_t> Table(double (*curve)(double)) {
  std::array<uint16_t, kTableSize> table;
  for (size_t i = 0; i < table.size(); ++i) {
    const double v = std::clamp(curve(static_cast<double>(i) / (kTableSize - 1)), 0.0, 1.0);
    table[i] = static_cast<uint16_t>(std::lround(v * 65535));
  }
  return IccTableCurve(table);
}

// SMPTE ST 2084: light of a signal, of 10,000 cd/m².
double Pq(double v) {
  const double p = std::pow(v, 32 / 2523.0);
  const double light = std::pow(
      std::max(p - 3424 / 4096.0, 0.0) / (2413 / 128.0 - 2392 / 128.0 * p), 16384 / 2610.0);
  return light * 10000 / kReferenceWhite;
}

// ARIB STD-B67 on a display of 1,000 cd/m², whose system gamma is 1.2.
double Hlg(double v) {
  constexpr double a = 0.17883277, b = 0.28466892, c = 0.55991073;
  const double scene = v <= 0.5 ? v * v / 3 : (std::exp((v - c) / a) + b) / 12;
  return std::pow(scene, 1.2) * 1000 / kReferenceWhite;
}

// The curve and its name; no name where it is sRGB's.
std::optional<std::vector<uint8_t>> CurveOf(int transfer, std::string* words) {
  switch (transfer) {
    case 1:
    case 2:
    case 6:
    case 13:
    case 14:
    case 15:
      return IccSrgbCurve();
    case 4:
      *words = ", gamma 2.2";
      return IccGammaCurve(2.2);
    case 5:
      *words = ", gamma 2.8";
      return IccGammaCurve(2.8);
    case 8:
      *words = ", linear";
      return IccGammaCurve(1);
    case 16:
      *words = ", PQ up to reference white";
      return Table(Pq);
    case 17:
      *words = ", gamma 2.6";
      return IccGammaCurve(2.6);
    case 18:
      *words = ", HLG up to reference white";
      return Table(Hlg);
    default:
      return {};
  }
}

}  // namespace

bool CicpTells(const Cicp& cicp) {
  std::string words;
  return (cicp.primaries != 2 || cicp.transfer != 2) &&
         SpaceOf(cicp.primaries == 2 ? 1 : cicp.primaries) && CurveOf(cicp.transfer, &words);
}

std::vector<uint8_t> IccFromCicp(const Cicp& cicp) {
  const int primaries = cicp.primaries == 2 ? 1 : cicp.primaries;
  const auto space = SpaceOf(primaries);
  std::string words;
  const auto curve = CurveOf(cicp.transfer, &words);
  if (!space || !curve || (primaries == 1 && words.empty())) return {};
  return WriteMatrixIcc(space->chromaticities, *curve, space->name + words);
}

}  // namespace peel

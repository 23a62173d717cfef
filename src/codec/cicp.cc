#include "src/codec/cicp.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace peel {
namespace {

using Matrix = std::array<std::array<double, 3>, 3>;
using Vector = std::array<double, 3>;

constexpr double kReferenceWhite = 203;  // cd/m²
constexpr int kTableSize = 4096;

struct Space {
  const char* name;
  double rx, ry, gx, gy, bx, by, wx, wy;
};

// Primaries by H.273, table 2.
std::optional<Space> SpaceOf(int primaries) {
  switch (primaries) {
    case 1:
      return Space{"BT.709", 0.64, 0.33, 0.30, 0.60, 0.15, 0.06, 0.3127, 0.3290};
    case 4:
      return Space{"BT.470 M", 0.67, 0.33, 0.21, 0.71, 0.14, 0.08, 0.310, 0.316};
    case 5:
      return Space{"BT.470 BG", 0.64, 0.33, 0.29, 0.60, 0.15, 0.06, 0.3127, 0.3290};
    case 6:
    case 7:
      return Space{"BT.601", 0.630, 0.340, 0.310, 0.595, 0.155, 0.070, 0.3127, 0.3290};
    case 9:
      return Space{"BT.2020", 0.708, 0.292, 0.170, 0.797, 0.131, 0.046, 0.3127, 0.3290};
    case 11:
      return Space{"DCI P3", 0.680, 0.320, 0.265, 0.690, 0.150, 0.060, 0.314, 0.351};
    case 12:
      return Space{"Display P3", 0.680, 0.320, 0.265, 0.690, 0.150, 0.060, 0.3127, 0.3290};
    default:
      return {};
  }
}

Matrix Times(const Matrix& a, const Matrix& b) {
  Matrix out = {};
  for (size_t i = 0; i < 3; ++i) {
    for (size_t j = 0; j < 3; ++j) {
      for (size_t k = 0; k < 3; ++k) out[i][j] += a[i][k] * b[k][j];
    }
  }
  return out;
}

Vector Times(const Matrix& a, const Vector& v) {
  Vector out = {};
  for (size_t i = 0; i < 3; ++i) {
    for (size_t k = 0; k < 3; ++k) out[i] += a[i][k] * v[k];
  }
  return out;
}

Matrix Inverse(const Matrix& m) {
  Matrix out = {};
  for (size_t i = 0; i < 3; ++i) {
    for (size_t j = 0; j < 3; ++j) {
      const size_t a = (i + 1) % 3, b = (i + 2) % 3, c = (j + 1) % 3, d = (j + 2) % 3;
      out[j][i] = m[a][c] * m[b][d] - m[a][d] * m[b][c];
    }
  }
  const double determinant = m[0][0] * out[0][0] + m[0][1] * out[1][0] + m[0][2] * out[2][0];
  for (auto& row : out) {
    for (double& v : row) v /= determinant;
  }
  return out;
}

Vector FromXy(double x, double y) { return {x / y, 1, (1 - x - y) / y}; }

// From a white to D50, the white that profiles are written for.
Matrix Adaptation(const Vector& white) {
  constexpr Matrix kBradford = {
      {{0.8951, 0.2664, -0.1614}, {-0.7502, 1.7135, 0.0367}, {0.0389, -0.0685, 1.0296}}};
  constexpr Vector kD50 = {0.9642, 1.0, 0.8249};
  const Vector from = Times(kBradford, white), to = Times(kBradford, kD50);
  Matrix scale = {};
  for (size_t i = 0; i < 3; ++i) scale[i][i] = to[i] / from[i];
  return Times(Inverse(kBradford), Times(scale, kBradford));
}

void Number(std::vector<uint8_t>& out, uint32_t v, int bytes) {
  for (int i = bytes - 1; i >= 0; --i) out.push_back(static_cast<uint8_t>(v >> 8 * i));
}
void Fixed(std::vector<uint8_t>& out, double v) {
  Number(out, static_cast<uint32_t>(static_cast<int32_t>(std::lround(v * 65536))), 4);
}
void Text(std::vector<uint8_t>& out, std::string_view text) {
  for (const char c : text) out.push_back(static_cast<uint8_t>(c));
}

std::vector<uint8_t> XyzTag(const Vector& v) {
  std::vector<uint8_t> out;
  Text(out, "XYZ ");
  Number(out, 0, 4);
  for (const double x : v) Fixed(out, x);
  return out;
}

// One text, in English.
std::vector<uint8_t> TextTag(const std::string& text) {
  std::vector<uint8_t> out;
  Text(out, "mluc");
  Number(out, 0, 4);
  Number(out, 1, 4);
  Number(out, 12, 4);
  Text(out, "enUS");
  Number(out, static_cast<uint32_t>(2 * text.size()), 4);
  Number(out, 28, 4);
  for (const char c : text) Number(out, static_cast<uint8_t>(c), 2);
  return out;
}

// v < d: c v; else (a v + b)^g, as parametric curve 3.
std::vector<uint8_t> Parametric(double g, double a, double b, double c, double d) {
  std::vector<uint8_t> out;
  Text(out, "para");
  Number(out, 0, 4);
  Number(out, 3, 2);
  Number(out, 0, 2);
  for (const double v : {g, a, b, c, d}) Fixed(out, v);
  return out;
}

std::vector<uint8_t> Gamma(double g) {
  std::vector<uint8_t> out;
  Text(out, "para");
  Number(out, 0, 4);
  Number(out, 0, 4);
  Fixed(out, g);
  return out;
}

std::vector<uint8_t> Table(double (*curve)(double)) {
  std::vector<uint8_t> out;
  Text(out, "curv");
  Number(out, 0, 4);
  Number(out, kTableSize, 4);
  for (int i = 0; i < kTableSize; ++i) {
    const double v = std::clamp(curve(i / double{kTableSize - 1}), 0.0, 1.0);
    Number(out, static_cast<uint32_t>(std::lround(v * 65535)), 2);
  }
  return out;
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

// Curve and the words for it; no words where it is sRGB's.
std::optional<std::vector<uint8_t>> CurveOf(int transfer, std::string* words) {
  switch (transfer) {
    case 1:
    case 2:
    case 6:
    case 13:
    case 14:
    case 15:
      return Parametric(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045);
    case 4:
      *words = ", gamma 2.2";
      return Gamma(2.2);
    case 5:
      *words = ", gamma 2.8";
      return Gamma(2.8);
    case 8:
      *words = ", linear";
      return Gamma(1);
    case 16:
      *words = ", PQ up to reference white";
      return Table(Pq);
    case 17:
      *words = ", gamma 2.6";
      return Gamma(2.6);
    case 18:
      *words = ", HLG up to reference white";
      return Table(Hlg);
    default:
      return {};
  }
}

}  // namespace

std::vector<uint8_t> IccFromCicp(const Cicp& cicp) {
  const int primaries = cicp.primaries == 2 ? 1 : cicp.primaries;
  const auto space = SpaceOf(primaries);
  std::string words;
  const auto curve = CurveOf(cicp.transfer, &words);
  if (!space || !curve || (primaries == 1 && words.empty())) return {};

  const Vector red = FromXy(space->rx, space->ry), green = FromXy(space->gx, space->gy),
               blue = FromXy(space->bx, space->by), white = FromXy(space->wx, space->wy);
  Matrix primary = {};
  for (size_t i = 0; i < 3; ++i) primary[i] = {red[i], green[i], blue[i]};
  const Vector scale = Times(Inverse(primary), white);
  for (auto& row : primary) {
    for (size_t j = 0; j < 3; ++j) row[j] *= scale[j];
  }
  const Matrix adapt = Adaptation(white);
  const Matrix colour = Times(adapt, primary);

  std::vector<uint8_t> chad;
  Text(chad, "sf32");
  Number(chad, 0, 4);
  for (const auto& row : adapt) {
    for (const double v : row) Fixed(chad, v);
  }
  struct Tag {
    const char* name;
    std::vector<uint8_t> data;
  };
  std::vector<Tag> tags = {{"desc", TextTag(space->name + words)},
                           {"cprt", TextTag("No copyright")},
                           {"wtpt", XyzTag({0.9642, 1.0, 0.8249})},
                           {"chad", chad}};
  const char* const kColumns[] = {"rXYZ", "gXYZ", "bXYZ"};
  for (size_t j = 0; j < 3; ++j) {
    tags.push_back({kColumns[j], XyzTag({colour[0][j], colour[1][j], colour[2][j]})});
  }
  tags.push_back({"rTRC", *curve});

  std::vector<uint8_t> out;
  const auto entries = static_cast<uint32_t>(tags.size() + 2);  // green and blue share red's curve
  const size_t first = 128 + 4 + size_t{12} * entries;
  Number(out, 0, 4);  // the size, at the end
  Number(out, 0, 4);
  Number(out, 0x04200000, 4);
  Text(out, "mntrRGB XYZ ");
  for (const uint32_t v : {2000u, 1u, 1u, 0u, 0u, 0u}) Number(out, v, 2);  // no clock in the bytes
  Text(out, "acsp");
  for (int i = 0; i < 7; ++i) Number(out, 0, 4);
  for (const double v : {0.9642, 1.0, 0.8249}) Fixed(out, v);
  out.resize(128, 0);
  Number(out, entries, 4);
  size_t at = first;
  for (const Tag& tag : tags) {
    const bool is_curve = &tag == &tags.back();
    for (const char* name : {tag.name, "gTRC", "bTRC"}) {
      if (!is_curve && name != tag.name) break;
      Text(out, name);
      Number(out, static_cast<uint32_t>(at), 4);
      Number(out, static_cast<uint32_t>(tag.data.size()), 4);
    }
    at += (tag.data.size() + 3) / 4 * 4;
  }
  for (const Tag& tag : tags) {
    out.insert(out.end(), tag.data.begin(), tag.data.end());
    out.resize((out.size() + 3) / 4 * 4, 0);
  }
  const auto size = static_cast<uint32_t>(out.size());
  for (size_t i = 0; i < 4; ++i) out[i] = static_cast<uint8_t>(size >> (24 - 8 * i));
  return out;
}

}  // namespace peel

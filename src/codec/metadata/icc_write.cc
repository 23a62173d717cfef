#include "src/codec/metadata/icc_write.h"

#include <array>
#include <cmath>
#include <cstddef>
#include <string>

namespace peel {
namespace {

using Matrix = std::array<std::array<double, 3>, 3>;
using Vector = std::array<double, 3>;

constexpr Vector kD50 = {0.9642, 1.0, 0.8249};

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

// Infinite or NaN where there is none.
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

// From a white to D50, the white that profiles are written for.
Matrix Adaptation(const Vector& white) {
  constexpr Matrix kBradford = {
      {{0.8951, 0.2664, -0.1614}, {-0.7502, 1.7135, 0.0367}, {0.0389, -0.0685, 1.0296}}};
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
std::vector<uint8_t> TextTag(std::string_view text) {
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

struct Tag {
  const char* name;
  std::vector<uint8_t> data;
};

// The last tag is red's curve; green and blue share it.
std::vector<uint8_t> Assemble(const std::vector<Tag>& tags) {
  std::vector<uint8_t> out;
  const auto entries = static_cast<uint32_t>(tags.size() + 2);
  Number(out, 0, 4);  // the size, at the end
  Number(out, 0, 4);
  Number(out, 0x04200000, 4);
  Text(out, "mntrRGB XYZ ");
  for (const uint32_t v : {2000u, 1u, 1u, 0u, 0u, 0u}) Number(out, v, 2);  // no clock in the bytes
  Text(out, "acsp");
  for (int i = 0; i < 7; ++i) Number(out, 0, 4);
  for (const double v : kD50) Fixed(out, v);
  out.resize(128, 0);
  Number(out, entries, 4);
  size_t at = 128 + 4 + size_t{12} * entries;
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

}  // namespace

std::vector<uint8_t> IccGammaCurve(double gamma) {
  std::vector<uint8_t> out;
  Text(out, "para");
  Number(out, 0, 4);
  Number(out, 0, 4);
  Fixed(out, gamma);
  return out;
}

std::vector<uint8_t> IccParametricCurve(double g, double a, double b, double c, double d) {
  std::vector<uint8_t> out;
  Text(out, "para");
  Number(out, 0, 4);
  Number(out, 3, 2);
  Number(out, 0, 2);
  for (const double v : {g, a, b, c, d}) Fixed(out, v);
  return out;
}

std::vector<uint8_t> IccTableCurve(std::span<const uint16_t> table) {
  std::vector<uint8_t> out;
  Text(out, "curv");
  Number(out, 0, 4);
  Number(out, static_cast<uint32_t>(table.size()), 4);
  for (const uint16_t v : table) Number(out, v, 2);
  return out;
}

std::vector<uint8_t> IccSrgbCurve() {
  return IccParametricCurve(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045);
}

std::vector<uint8_t> WriteMatrixIcc(const Chromaticities& c, std::span<const uint8_t> curve,
                                    std::string_view name) {
  if (!(c.wy > 0)) return {};
  const Vector white = {c.wx / c.wy, 1, (1 - c.wx - c.wy) / c.wy};
  // How much light each primary has follows from their sum, which is the white.
  Matrix primary = {{{c.rx, c.gx, c.bx},
                     {c.ry, c.gy, c.by},
                     {1 - c.rx - c.ry, 1 - c.gx - c.gy, 1 - c.bx - c.by}}};
  const Vector scale = Times(Inverse(primary), white);
  for (const double s : scale) {
    if (!(s > 0 && s < 100)) return {};
  }
  for (auto& row : primary) {
    for (size_t j = 0; j < 3; ++j) row[j] *= scale[j];
  }
  const Matrix adapt = Adaptation(white);
  const Matrix colour = Times(adapt, primary);
  for (const Matrix* matrix : {&adapt, &colour}) {
    for (const auto& row : *matrix) {
      for (const double v : row) {
        if (!(std::abs(v) < 100)) return {};
      }
    }
  }
  std::vector<uint8_t> chad;
  Text(chad, "sf32");
  Number(chad, 0, 4);
  for (const auto& row : adapt) {
    for (const double v : row) Fixed(chad, v);
  }
  std::vector<Tag> tags = {{"desc", TextTag(name)},
                           {"cprt", TextTag("No copyright")},
                           {"wtpt", XyzTag(kD50)},
                           {"chad", chad}};
  const char* const kColumns[] = {"rXYZ", "gXYZ", "bXYZ"};
  for (size_t j = 0; j < 3; ++j) {
    tags.push_back({kColumns[j], XyzTag({colour[0][j], colour[1][j], colour[2][j]})});
  }
  tags.push_back({"rTRC", {curve.begin(), curve.end()}});
  return Assemble(tags);
}

}  // namespace peel

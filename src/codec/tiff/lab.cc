#include "src/codec/tiff/lab.h"

#include <algorithm>
#include <cmath>

namespace peel {
namespace {

// CIE 15: the inverse of the cube root with its straight part.
double Uncurved(double t) {
  constexpr double kBend = 6.0 / 29.0;
  return t > kBend ? t * t * t : 3 * kBend * kBend * (t - 4.0 / 29.0);
}

double SrgbCurve(double v) {
  return v <= 0.0031308 ? 12.92 * v : 1.055 * std::pow(v, 1 / 2.4) - 0.055;
}

struct Lab {
  double l, a, b;
};

Lab Values(LabEncoding encoding, int bits, const uint16_t lab[3]) {
  const bool wide = bits == 16;
  const double full = wide ? 65535.0 : 255.0;
  switch (encoding) {
    case LabEncoding::kCie: {
      const auto coloured = [&](uint16_t v) {
        return wide ? static_cast<int16_t>(v) / 256.0 : static_cast<double>(static_cast<int8_t>(v));
      };
      return {lab[0] / full * 100, coloured(lab[1]), coloured(lab[2])};
    }
    case LabEncoding::kIcc: {
      const double step = wide ? 256.0 : 1.0;
      return {std::min(lab[0] / (255.0 * step), 1.0) * 100, lab[1] / step - 128,
              lab[2] / step - 128};
    }
    case LabEncoding::kItu:
      break;
  }
  const double byte = full / 255;
  return {lab[0] / full * 100, (lab[1] / byte - 128) * 170 / 255, (lab[2] / byte - 96) * 200 / 255};
}

}  // namespace

void LabToSrgb(LabEncoding encoding, int bits, const uint16_t lab[3], float rgb[3]) {
  const Lab value = Values(encoding, bits, lab);
  const double fy = (value.l + 16) / 116;
  // Shares of the white's X, Y and Z: neutral is the same in all three.
  const double x = Uncurved(fy + value.a / 500), y = Uncurved(fy), z = Uncurved(fy - value.b / 200);
  // XYZ of D50 to linear sRGB (Bradford; Lindbloom's matrix), its columns times D50's white and its
  // rows made to sum to exactly 1.
  static constexpr double kWhite[3] = {0.96422, 1.0, 0.82521};
  static constexpr double kMatrix[3][3] = {{3.1338561, -1.6168667, -0.4906146},
                                           {-0.9787684, 1.9161415, 0.0334540},
                                           {0.0719453, -0.2289914, 1.4052427}};
  for (int c = 0; c < 3; ++c) {
    const double mx = kMatrix[c][0] * kWhite[0], my = kMatrix[c][1] * kWhite[1],
                 mz = kMatrix[c][2] * kWhite[2];
    const double linear = (mx * x + my * y + mz * z) / (mx + my + mz);
    rgb[c] = static_cast<float>(SrgbCurve(std::clamp(linear, 0.0, 1.0)));
  }
}

}  // namespace peel

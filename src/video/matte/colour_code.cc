#include "src/video/matte/colour_code.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace peel::video {
namespace {

// Light in units of diffuse white (203 cd/m2).
double LinearOfPq(double v) {  // SMPTE ST 2084
  constexpr double kM1 = 2610.0 / 16384, kM2 = 2523.0 / 32, kC1 = 3424.0 / 4096, kC2 = 2413.0 / 128,
                   kC3 = 2392.0 / 128;
  const double p = std::pow(std::clamp(v, 0.0, 1.0), 1 / kM2);
  return std::pow(std::max(p - kC1, 0.0) / (kC2 - kC3 * p), 1 / kM1) * 10000 / 203;
}

double LinearOfHlg(double v) {  // ARIB STD-B67; the display's gamma of 1.2 by channel
  constexpr double kA = 0.17883277, kB = 0.28466892, kC = 0.55991073;
  v = std::clamp(v, 0.0, 1.0);
  const double scene = v <= 0.5 ? v * v / 3 : (std::exp((v - kC) / kA) + kB) / 12;
  return std::pow(scene, 1.2) * 1000 / 203;
}

double Encode(double linear) {  // sRGB
  return linear <= 0.0031308 ? 12.92 * linear : 1.055 * std::pow(linear, 1 / 2.4) - 0.055;
}

}  // namespace

ColourCode ColourCodeOf(const FrameFormat& format) {
  ColourCode code;
  code.depth = format.layout.depth;
  const ColourTags& tags = format.colour;
  code.full_range = tags.range == "pc" || tags.range == "full" || tags.range == "jpeg";
  const bool hd = format.width >= 1280 || format.height > 576;
  if (tags.matrix == "bt2020nc" || tags.matrix == "bt2020c" || tags.matrix == "bt2020_ncl" ||
      tags.matrix == "bt2020_cl") {
    code.kr = 0.2627, code.kb = 0.0593;
  } else if (tags.matrix == "smpte240m") {
    code.kr = 0.212, code.kb = 0.087;
  } else if (tags.matrix == "fcc") {
    code.kr = 0.30, code.kb = 0.11;
  } else if (tags.matrix == "smpte170m" || tags.matrix == "bt470bg" ||
             (tags.matrix != "bt709" && !hd)) {
    code.kr = 0.299, code.kb = 0.114;
  }
  code.wide = tags.primaries == "bt2020";
  if (tags.transfer == "smpte2084") code.curve = ColourCode::Curve::kPq;
  if (tags.transfer == "arib-std-b67") code.curve = ColourCode::Curve::kHlg;
  return code;
}

Levels LevelsOf(const ColourCode& code) {
  const int unit = 1 << (code.depth - 8);
  if (code.full_range) return {0, 256 * unit - 1, 128 * unit};
  return {16 * unit, 235 * unit, 128 * unit};
}

ToRgbMatrix ToRgbOf(const ColourCode& code) {
  const Levels levels = LevelsOf(code);
  const double y = 1.0 / (levels.white - levels.black);
  const double c = code.full_range ? y : 1.0 / (224 << (code.depth - 8));
  const double kg = 1 - code.kr - code.kb;
  const double red = 2 * (1 - code.kr) * c, blue = 2 * (1 - code.kb) * c;
  const auto f = [](double v) { return static_cast<float>(v); };
  ToRgbMatrix matrix;
  matrix.gain[0] = {f(y), 0, f(red)};
  matrix.gain[1] = {f(y), f(-blue * code.kb / kg), f(-red * code.kr / kg)};
  matrix.gain[2] = {f(y), f(blue), 0};
  matrix.zero = {f(levels.black), f(levels.neutral), f(levels.neutral)};
  return matrix;
}

std::array<float, 3> SamplesOf(const ColourCode& code, const std::array<uint8_t, 3>& rgb) {
  const Levels levels = LevelsOf(code);
  const double r = rgb[0] / 255.0, g = rgb[1] / 255.0, b = rgb[2] / 255.0;
  const double luma = code.kr * r + (1 - code.kr - code.kb) * g + code.kb * b;
  const double y = levels.white - levels.black;
  const double c = code.full_range ? y : 224 << (code.depth - 8);
  const double top = (256 << (code.depth - 8)) - 1;
  const auto sample = [&](double v) { return static_cast<float>(std::clamp(v, 0.0, top)); };
  return {sample(levels.black + y * luma),
          sample(levels.neutral + c * (b - luma) / (2 * (1 - code.kb))),
          sample(levels.neutral + c * (r - luma) / (2 * (1 - code.kr)))};
}

void ToneMap(ColourCode::Curve curve, bool wide, std::array<float, 3>& rgb) {
  std::array<double, 3> light{};
  for (size_t c = 0; c < 3; ++c) {
    light[c] = curve == ColourCode::Curve::kPq ? LinearOfPq(rgb[c]) : LinearOfHlg(rgb[c]);
  }
  if (wide) {  // BT.2020 to BT.709 (ITU-R BT.2087)
    const auto [r, g, b] = light;
    light = {1.6605 * r - 0.5876 * g - 0.0728 * b, -0.1246 * r + 1.1329 * g - 0.0083 * b,
             -0.0182 * r - 0.1006 * g + 1.1187 * b};
  }
  // Up to 0.6 of diffuse white as it is, at three quarters of the screen's light; from there on a
  // hyperbola with the same slope that reaches 1 at infinity.
  constexpr double kScale = 0.75, kKnee = 0.45;
  for (size_t c = 0; c < 3; ++c) {
    double v = std::max(light[c], 0.0) * kScale;
    if (v > kKnee) {
      const double over = (v - kKnee) / (1 - kKnee);
      v = kKnee + (1 - kKnee) * over / (1 + over);
    }
    rgb[c] = static_cast<float>(Encode(v));
  }
}

}  // namespace peel::video

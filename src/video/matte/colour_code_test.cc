#include "src/video/matte/colour_code.h"

#include <gtest/gtest.h>

#include "src/video/matte/test_frames.h"

namespace peel::video {
namespace {

std::array<float, 3> Back(const ColourCode& code, const std::array<float, 3>& samples) {
  const ToRgbMatrix m = ToRgbOf(code);
  std::array<float, 3> rgb{};
  for (size_t c = 0; c < 3; ++c) {
    for (size_t p = 0; p < 3; ++p) rgb[c] += m.gain[c][p] * (samples[p] - m.zero[p]);
  }
  return rgb;
}

TEST(ColourCode, SamplesOfColoursAreTheirs) {
  for (const char* matrix : {"bt709", "smpte170m", "bt2020nc", "fcc", "smpte240m"}) {
    for (const char* range : {"tv", "pc"}) {
      for (const int depth : {8, 10}) {
        FrameFormat format = testing::Format(64, 64, depth);
        format.colour.matrix = matrix;
        format.colour.range = range;
        const ColourCode code = ColourCodeOf(format);
        for (const std::array<uint8_t, 3> rgb :
             {std::array<uint8_t, 3>{255, 255, 255}, {0, 0, 0}, {255, 0, 0}, {12, 200, 90}}) {
          const std::array<float, 3> back = Back(code, SamplesOf(code, rgb));
          for (size_t c = 0; c < 3; ++c) EXPECT_NEAR(back[c], rgb[c] / 255.0, 0.005) << matrix;
        }
      }
    }
  }
}

TEST(ColourCode, KnownSamples) {
  FrameFormat format = testing::Format(1920, 1080);
  // EBU bars: pure green of BT.709 and of BT.601, limited range.
  const std::array<float, 3> hd = SamplesOf(ColourCodeOf(format), {0, 255, 0});
  EXPECT_NEAR(hd[0], 172.6, 0.1);
  EXPECT_NEAR(hd[1], 41.7, 0.1);
  EXPECT_NEAR(hd[2], 26.3, 0.1);
  format.colour.matrix = "smpte170m";
  const std::array<float, 3> sd = SamplesOf(ColourCodeOf(format), {0, 255, 0});
  EXPECT_NEAR(sd[0], 144.6, 0.1);
}

TEST(ColourCode, UntoldMatrixGoesBySize) {
  FrameFormat format = testing::Format(1280, 720);
  format.colour = {};
  EXPECT_EQ(ColourCodeOf(format).kr, 0.2126);
  EXPECT_FALSE(ColourCodeOf(format).full_range);
  format.width = 720, format.height = 576;
  EXPECT_EQ(ColourCodeOf(format).kr, 0.299);
  format.height = 577;
  EXPECT_EQ(ColourCodeOf(format).kr, 0.2126);
}

TEST(ToneMap, KeepsOrderAndEnds) {
  for (const auto curve : {ColourCode::Curve::kPq, ColourCode::Curve::kHlg}) {
    float before = -1;
    for (int i = 0; i <= 100; ++i) {
      const float v = static_cast<float>(i) / 100;
      std::array<float, 3> grey = {v, v, v};
      ToneMap(curve, true, grey);
      EXPECT_GE(grey[0], before);
      EXPECT_LE(grey[0], 1.0f);
      EXPECT_NEAR(grey[0], grey[2], 2e-3);
      before = grey[0];
    }
    std::array<float, 3> black = {0, 0, 0};
    ToneMap(curve, true, black);
    EXPECT_NEAR(black[0], 0, 1e-3);
    EXPECT_GT(before, 0.9f);
  }
  // Diffuse white of PQ: 203 cd/m2 at a code of 0.58.
  std::array<float, 3> white = {0.58f, 0.58f, 0.58f};
  ToneMap(ColourCode::Curve::kPq, false, white);
  EXPECT_NEAR(white[0], 0.83, 0.03);
}

}  // namespace
}  // namespace peel::video

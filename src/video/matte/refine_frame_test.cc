#include "src/video/matte/refine_frame.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "src/image/test_pixels.h"
#include "src/matte/edges/guided.h"
#include "src/video/matte/reduce_frame.h"
#include "src/video/matte/test_frames.h"

namespace peel::video {
namespace {

// A bright disc before a dark ground, and its matte, coarse and off by a little.
Frame Disc(const FrameFormat& format) {
  return testing::Draw(format, [&](int p, int x, int y) {
    const int sx = p == 0 ? 0 : format.layout.chroma_shift_x;
    const int sy = p == 0 ? 0 : format.layout.chroma_shift_y;
    const double r = std::hypot((x << sx) - format.width / 2.0, (y << sy) - format.height / 2.0);
    const bool inside = r < format.height * 0.3;
    return p == 0 ? (inside ? 190 : 60) : p == 1 ? (inside ? 110 : 140) : (inside ? 150 : 120);
  });
}

ImageF32 DiscMatte(int side) {
  ImageF32 matte = std::move(*ImageF32::Allocate(side, side, 1));
  for (int y = 0; y < side; ++y) {
    for (int x = 0; x < side; ++x) {
      const double r = std::hypot(x + 0.5 - side / 2.0, y + 0.5 - side / 2.0);
      matte.row(y)[x] = static_cast<float>(std::clamp((side * 0.3 - r) / 4 + 0.5, 0.0, 1.0));
    }
  }
  return matte;
}

// Y'CbCr of 4:4:4 is read as exactly as RGB is: the model is the same.
TEST(RefineFrame, IsGuidedUpsamplingOfTheSameColours) {
  FrameFormat format = testing::Format(255, 255, 8, 0, 0);
  format.colour.range = "pc";
  const Frame frame = Disc(format);
  const ColourCode code = ColourCodeOf(format);
  const ImageF32 matte = DiscMatte(64);
  const auto rgb = ReduceToRgb(frame, code, 255, 255);
  const auto guide = ReduceToRgb(frame, code, 64, 64);
  ASSERT_TRUE(rgb.ok() && guide.ok());
  const auto wanted = GuidedUpsample(matte.view(), rgb->view());
  const auto got = RefineFrame(matte.view(), guide->view(), frame, code);
  ASSERT_TRUE(wanted.ok() && got.ok());
  double sum = 0;
  for (int y = 0; y < 255; ++y) {
    for (int x = 0; x < 255; ++x) sum += std::abs(int{got->row(y)[x]} - int{wanted->row(y)[x]});
  }
  // Samples of 8 bits hold colours less exactly than RGB does.
  EXPECT_LT(sum / (255 * 255), 0.6);
}

TEST(RefineFrame, EverySamplingAndDepthFindsTheOutline) {
  for (const int depth : {8, 10}) {
    for (const auto& [sx, sy] : {std::pair{1, 1}, {1, 0}, {0, 0}}) {
      const FrameFormat format = testing::Format(201, 203, depth, sx, sy);
      const Frame frame = Disc(format);
      const ColourCode code = ColourCodeOf(format);
      const auto guide = ReduceToRgb(frame, code, 48, 48);
      const auto alpha = RefineFrame(DiscMatte(48).view(), guide->view(), frame, code);
      ASSERT_TRUE(alpha.ok());
      EXPECT_EQ(alpha->row(101)[100], 255);
      EXPECT_EQ(alpha->row(2)[2], 0);
      EXPECT_GT(alpha->row(101)[100 + 56], 200) << "just inside";
      EXPECT_LT(alpha->row(101)[100 + 66], 60) << "just outside";
    }
  }
}

TEST(RefineFrame, EveryTargetGivesTheSameAndThePoolDoesNotMatter) {
  const FrameFormat format = testing::Format(333, 217);
  const Frame frame = Disc(format);
  const ColourCode code = ColourCodeOf(format);
  const ImageF32 matte = DiscMatte(61);
  const auto guide = ReduceToRgb(frame, code, 61, 61);
  uint32_t wanted = 0;
  ThreadPool pool(3);
  for (ThreadPool* p : {static_cast<ThreadPool*>(nullptr), &pool}) {
    peel::testing::ForEveryTarget([&](const std::string& target) {
      const auto alpha = RefineFrame(matte.view(), guide->view(), frame, code, p);
      ASSERT_TRUE(alpha.ok());
      if (wanted == 0) wanted = peel::testing::Crc(*alpha);
      EXPECT_EQ(peel::testing::Crc(*alpha), wanted) << target;
    });
  }
}

// The model is only found where the matte is soft: as of the whole.
TEST(FitGuided, OfAPartIsAsOfTheWhole) {
  const ImageF32 matte = DiscMatte(80);
  const ImageU8 guide = peel::testing::Noise(3, 80, 80, 3);
  const auto whole = FitGuided(matte.view(), guide.view());
  ImageView<const float> matte_part = matte.view();
  ImageView<const uint8_t> guide_part = guide.view();
  matte_part.data = matte.row(10) + 7;
  guide_part.data = guide.row(10) + 3 * 7;
  matte_part.width = guide_part.width = 50;
  matte_part.height = guide_part.height = 60;
  const auto part = FitGuided(matte_part, guide_part);
  ASSERT_TRUE(whole.ok() && part.ok());
  for (size_t k = 0; k < GuidedModel::kPlanes; ++k) {
    for (int y = 8; y < 52; ++y) {
      for (int x = 8; x < 42; ++x) {
        ASSERT_EQ(part->plane(k)[y * 50 + x], whole->plane(k)[(y + 10) * 80 + x + 7]) << k;
      }
    }
  }
}

TEST(RefineFrame, ACertainMatteIsFilled) {
  const FrameFormat format = testing::Format(64, 64);
  const Frame frame = Disc(format);
  const auto guide = ReduceToRgb(frame, ColourCodeOf(format), 16, 16);
  ImageF32 matte = std::move(*ImageF32::Allocate(16, 16, 1));
  for (int y = 0; y < 16; ++y) std::fill_n(matte.row(y), 16, 1.0f);
  const auto alpha = RefineFrame(matte.view(), guide->view(), frame, ColourCodeOf(format));
  ASSERT_TRUE(alpha.ok());
  for (int y = 0; y < 64; ++y) {
    for (int x = 0; x < 64; ++x) ASSERT_EQ(alpha->row(y)[x], 255);
  }
}

TEST(RefineFrame, TinyMattes) {
  for (const int side : {1, 2, 3}) {
    const FrameFormat format = testing::Format(5, 4);
    const Frame frame = Disc(format);
    ImageF32 matte = std::move(*ImageF32::Allocate(side, side, 1));
    for (int y = 0; y < side; ++y) std::fill_n(matte.row(y), side, 0.5f);
    const auto guide = ReduceToRgb(frame, ColourCodeOf(format), side, side);
    const auto alpha = RefineFrame(matte.view(), guide->view(), frame, ColourCodeOf(format));
    ASSERT_TRUE(alpha.ok());
    EXPECT_NEAR(alpha->row(3)[4], 128, 1);
  }
}

}  // namespace
}  // namespace peel::video

#include "src/video/matte/motion.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "src/image/test_pixels.h"
#include "src/video/matte/test_frames.h"

namespace peel::video {
namespace {

ImageU8 Picture(int width, int height, double dx, double dy) {
  const FrameFormat format = testing::Format(width, height);
  ImageU8 luma = std::move(*ImageU8::Allocate(width, height, 1));
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      luma.row(y)[x] = static_cast<uint8_t>(std::lround(testing::Pattern(format, 0, x, y, dx, dy)));
    }
  }
  return luma;
}

std::vector<uint8_t> All(int width, int height) {
  return std::vector<uint8_t>(
      static_cast<size_t>((width + 7) / 8) * static_cast<size_t>((height + 7) / 8), 1);
}

TEST(EstimateMotion, FindsShiftsToAFractionOfAPixel) {
  const int width = 203, height = 190;
  const MotionPyramid still = MotionPyramid::Of(Picture(width, height, 0, 0));
  EXPECT_EQ(still.levels(), 3u);
  for (const auto& [dx, dy] :
       {std::pair{0.0, 0.0}, {3.0, -2.0}, {-11.0, 7.0}, {17.0, 15.0}, {0.5, -1.25}}) {
    const MotionPyramid moved = MotionPyramid::Of(Picture(width, height, dx, dy));
    const MotionField field = EstimateMotion(still, moved, All(width, height));
    std::vector<double> misses;
    for (int row = 4; row < field.rows - 4; ++row) {
      for (int column = 4; column < field.columns - 4; ++column) {
        const MotionField::Motion& m = field.at(column, row);
        ASSERT_TRUE(m.known);
        misses.push_back(std::hypot(m.x - dx, m.y - dy));
      }
    }
    std::sort(misses.begin(), misses.end());
    EXPECT_LT(misses[misses.size() / 2], 0.25) << dx << " " << dy;
    EXPECT_LT(misses[misses.size() * 9 / 10], 0.5) << dx << " " << dy;
  }
}

TEST(EstimateMotion, LooksOnlyForWhatIsWanted) {
  const MotionPyramid a = MotionPyramid::Of(Picture(64, 64, 0, 0));
  std::vector<uint8_t> wanted(64, 0);
  wanted[9] = 1;
  const MotionField field = EstimateMotion(a, a, wanted);
  for (size_t i = 0; i < 64; ++i) EXPECT_EQ(field.blocks[i].known, i == 9);
  EXPECT_EQ(field.blocks[9].x, 0);
}

TEST(EstimateMotion, FlatPicturesStayWhereTheyAre) {
  ImageU8 grey = std::move(*ImageU8::Allocate(40, 24, 1));
  for (int y = 0; y < 24; ++y) std::fill_n(grey.row(y), 40, uint8_t{90});
  const MotionPyramid a = MotionPyramid::Of(grey);
  const MotionField field = EstimateMotion(a, a, All(40, 24));
  for (const auto& m : field.blocks) {
    EXPECT_EQ(m.x, 0);
    EXPECT_EQ(m.y, 0);
  }
}

TEST(EstimateMotion, EveryTargetFindsTheSame) {
  const MotionPyramid a = MotionPyramid::Of(Picture(131, 77, 0, 0));
  const MotionPyramid b = MotionPyramid::Of(Picture(131, 77, 4.3, -6.1));
  std::vector<MotionField> fields;
  ThreadPool pool(3);
  peel::testing::ForEveryTarget([&](const std::string&) {
    fields.push_back(EstimateMotion(a, b, All(131, 77)));
    fields.push_back(EstimateMotion(a, b, All(131, 77), &pool));
  });
  for (const MotionField& field : fields) {
    for (size_t i = 0; i < field.blocks.size(); ++i) {
      EXPECT_EQ(field.blocks[i].x, fields[0].blocks[i].x);
      EXPECT_EQ(field.blocks[i].y, fields[0].blocks[i].y);
    }
  }
}

// Pictures of one pixel, and of less than a block.
TEST(EstimateMotion, TinyPictures) {
  for (const int side : {1, 3, 9}) {
    const MotionPyramid a = MotionPyramid::Of(Picture(side, side, 0, 0));
    const MotionField field = EstimateMotion(a, a, All(side, side));
    EXPECT_TRUE(field.at(0, 0).known);
  }
}

}  // namespace
}  // namespace peel::video

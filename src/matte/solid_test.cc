#include "src/matte/solid.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "src/image/geometry.h"
#include "src/image/test_pixels.h"

namespace peel {
namespace {

// 0 up to x = 40, then these values, then 255; a window of alpha 150 and a faint one of 90 inside.
ImageU8 Subject(std::initializer_list<uint8_t> ramp) {
  ImageU8 matte = *ImageU8::Allocate(200, 120, 1);
  for (int y = 0; y < 120; ++y) {
    uint8_t* row = matte.row(y);
    std::fill_n(row, 40, uint8_t{0});
    std::fill(std::copy(ramp.begin(), ramp.end(), row + 40), row + 200, uint8_t{255});
    if (y >= 20 && y < 100) {
      std::fill(row + 80, row + 120, uint8_t{150});
      std::fill(row + 140, row + 180, uint8_t{90});
    }
  }
  return matte;
}

TEST(Solid, GlassBecomesOpaqueAndWhatIsFaintEmpty) {
  ImageU8 matte = Subject({});
  ASSERT_TRUE(MakeSolid(matte.view()).ok());
  for (int x = 45; x < 135; ++x) ASSERT_EQ(matte.row(60)[x], 255) << x;
  for (int x = 145; x < 175; ++x) ASSERT_EQ(matte.row(60)[x], 0) << x;
}

TEST(Solid, OutlinesStayAsSoftAsTheyWere) {
  const ImageU8 before = Subject({64, 190});
  ImageU8 matte = *Clone(before.view());
  ThreadPool pool(2);
  ASSERT_TRUE(MakeSolid(matte.view(), &pool).ok());
  for (int x = 0; x < 70; ++x) EXPECT_EQ(matte.row(60)[x], before.row(60)[x]) << x;
}

// The outline of glass itself: its soft pixel is as soft as beside something opaque.
TEST(Solid, TheOutlineOfGlassIsStretched) {
  ImageU8 matte = *ImageU8::Allocate(60, 3, 1);
  for (int y = 0; y < 3; ++y) {
    std::fill_n(matte.row(y), 60, uint8_t{0});
    std::fill(matte.row(y) + 30, matte.row(y) + 60, uint8_t{160});
    matte.row(y)[29] = 80;
  }
  ASSERT_TRUE(MakeSolid(matte.view()).ok());
  EXPECT_EQ(matte.row(1)[28], 0);
  EXPECT_EQ(matte.row(1)[29], 128);
  EXPECT_EQ(matte.row(1)[30], 255);
}

TEST(Solid, DoesNotDependOnThePool) {
  ImageU8 alone = testing::Noise(3, 137, 91, 1), together = testing::Noise(3, 137, 91, 1);
  ThreadPool pool(3);
  ASSERT_TRUE(MakeSolid(alone.view()).ok());
  ASSERT_TRUE(MakeSolid(together.view(), &pool).ok());
  EXPECT_EQ(testing::Crc(alone), testing::Crc(together));
}

}  // namespace
}  // namespace peel

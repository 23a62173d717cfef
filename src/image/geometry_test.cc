#include "src/image/geometry.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "src/image/blur.h"
#include "src/image/test_pixels.h"

namespace peel {
namespace {

ImageU8 Black(int width, int height) {
  ImageU8 image = std::move(*ImageU8::Allocate(width, height, 1));
  for (int y = 0; y < height; ++y) std::fill_n(image.row(y), width, uint8_t{0});
  return image;
}

TEST(BoundingBox, IsTight) {
  ImageU8 matte = Black(40, 30);
  EXPECT_FALSE(BoundingBox(std::as_const(matte).view()));
  matte.row(7)[12] = 1;
  EXPECT_EQ(BoundingBox(std::as_const(matte).view()), (Box{12, 7, 1, 1}));
  EXPECT_FALSE(BoundingBox(std::as_const(matte).view(), 2));
  matte.row(29)[3] = 200;
  matte.row(20)[39] = 9;
  EXPECT_EQ(BoundingBox(std::as_const(matte).view()), (Box{3, 7, 37, 23}));
  EXPECT_EQ(BoundingBox(std::as_const(matte).view(), 100), (Box{3, 29, 1, 1}));
}

TEST(Crop, SharesThePixels) {
  const ImageU8 in = testing::Noise(2, 30, 20, 3);
  const auto part = Crop(in.view(), {4, 5, 6, 7});
  EXPECT_EQ(part.row(2)[3 * 3 + 1], in.row(7)[3 * 7 + 1]);
  const auto copy = Clone(part);
  ASSERT_TRUE(copy.ok());
  EXPECT_EQ(testing::Crc(*copy), testing::Crc(part));
}

TEST(FitWithin, KeepsTheAspect) {
  EXPECT_EQ(FitWithin({4000, 3000}, 1000), (Size{1000, 750}));
  EXPECT_EQ(FitWithin({20000, 1}, 100), (Size{100, 1}));
  EXPECT_EQ(FitWithin({50, 60}, 100), (Size{50, 60}));
  EXPECT_EQ(FitWithin({50, 60}, 0), (Size{50, 60}));
}

TEST(BoxBlur, IsTheMeanOfTheWindow) {
  for (int channels : {1, 3}) {
    const ImageU8 in = testing::Noise(4, 23, 17, channels);
    for (int radius : {0, 1, 4, 30}) {
      const auto out = BoxBlur(in.view(), radius);
      ASSERT_TRUE(out.ok());
      for (int y = 0; y < 17; ++y) {
        for (int x = 0; x < 23; ++x) {
          for (int c = 0; c < channels; ++c) {
            // Rows are rounded before columns, so compare with that order of rounding.
            double sum = 0;
            for (int j = -radius; j <= radius; ++j) {
              double row = 0;
              for (int i = -radius; i <= radius; ++i) {
                row += in.row(std::clamp(y + j, 0, 16))[std::clamp(x + i, 0, 22) * channels + c];
              }
              sum += row / (2 * radius + 1);
            }
            ASSERT_NEAR(out->row(y)[x * channels + c], sum / (2 * radius + 1), 1.01);
          }
        }
      }
    }
  }
}

TEST(GaussianBlur, HasTheRightWidthAndKeepsTheMean) {
  for (const float sigma : {0.8f, 2.5f, 9.0f}) {
    ImageU8 in = std::move(*ImageU8::Allocate(161, 9, 1));
    for (int y = 0; y < 9; ++y) {
      for (int x = 0; x < 161; ++x) in.row(y)[x] = x < 80 ? 0 : 255;
    }
    const auto out = GaussianBlur(std::as_const(in).view(), sigma);
    ASSERT_TRUE(out.ok());
    for (int x = 0; x < 161; ++x) {
      const double wanted =
          255 * 0.5 * std::erfc(-(x - 79.5) / (static_cast<double>(sigma) * std::numbers::sqrt2));
      ASSERT_NEAR(out->row(4)[x], wanted, 9) << sigma << " at " << x;
    }
  }
  const ImageU8 noise = testing::Noise(4, 200, 150, 3);
  ThreadPool pool(3);
  EXPECT_EQ(testing::Crc(*GaussianBlur(noise.view(), 3)),
            testing::Crc(*GaussianBlur(noise.view(), 3, &pool)));
  EXPECT_FALSE(GaussianBlur(noise.view(), -1).ok());
  EXPECT_FALSE(GaussianBlur(noise.view(), NAN).ok());
  EXPECT_FALSE(BoxBlur(noise.view(), -1).ok());
}

}  // namespace
}  // namespace peel

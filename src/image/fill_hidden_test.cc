#include "src/image/fill_hidden.h"

#include <gtest/gtest.h>

#include "src/image/test_pixels.h"

namespace peel {
namespace {

// Noise whose left half is hidden, under it one value.
template <typename T>
Image<T> HalfHidden(int width, int height, T hidden) {
  const ImageU8 noise = testing::Noise(7, width, height, 4);
  Image<T> image = *Image<T>::Allocate(width, height, 4);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < 4; ++c) {
        T& to = image.row(y)[4 * x + c];
        to = x < width / 2 ? (c < 3 ? hidden : T{0})
                           : static_cast<T>(noise.row(y)[4 * x + c] | (c == 3 ? 1 : 0));
      }
    }
  }
  return image;
}

template <typename T>
void HiddenColoursDoNotMatter() {
  for (const auto& [width, height] : {std::pair{33, 17}, {1, 1}, {2, 1}, {64, 40}, {5, 301}}) {
    Image<T> black = HalfHidden<T>(width, height, 0), bright = HalfHidden<T>(width, height, 201);
    const Image<T> before = HalfHidden<T>(width, height, 0);
    ThreadPool pool(3);
    ASSERT_TRUE(FillHidden(black.view(), nullptr).ok());
    ASSERT_TRUE(FillHidden(bright.view(), &pool).ok());
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < 4 * width; ++x) {
        ASSERT_EQ(black.row(y)[x], bright.row(y)[x]) << x << "," << y;
        if (x / 4 < width / 2) continue;
        ASSERT_EQ(black.row(y)[x], before.row(y)[x]) << x << "," << y;
      }
    }
  }
}

TEST(FillHidden, ForgetsWhatWasHiddenAndKeepsWhatShows) {
  HiddenColoursDoNotMatter<uint8_t>();
  HiddenColoursDoNotMatter<uint16_t>();
}

TEST(FillHidden, TakesTheColourOfTheSurroundings) {
  ImageU8 image = *ImageU8::Allocate(20, 20, 4);
  for (int y = 0; y < 20; ++y) {
    for (int x = 0; x < 20; ++x) {
      const bool shows = x < 4;
      const uint8_t pixel[] = {static_cast<uint8_t>(shows ? 200 : 0),
                               static_cast<uint8_t>(shows ? 10 : 255), 30,
                               static_cast<uint8_t>(shows ? 255 : 0)};
      std::copy_n(pixel, 4, image.row(y) + 4 * x);
    }
  }
  ASSERT_TRUE(FillHidden(image.view()).ok());
  EXPECT_EQ(image.row(10)[4 * 19], 200);
  EXPECT_EQ(image.row(10)[4 * 19 + 1], 10);
  EXPECT_EQ(image.row(10)[4 * 19 + 3], 0);
}

TEST(FillHidden, SeesOnePixelThatIsNotOpaque) {
  ImageU8 image = testing::Noise(3, 19, 5, 4);
  for (int y = 0; y < 5; ++y) {
    for (int x = 0; x < 19; ++x) image.row(y)[4 * x + 3] = 255;
  }
  EXPECT_FALSE(HasTransparency(std::as_const(image).view()));
  image.row(4)[4 * 18 + 3] = 254;
  EXPECT_TRUE(HasTransparency(std::as_const(image).view()));
  const ImageU8 rgb = *ImageU8::Allocate(3, 3, 3);
  EXPECT_FALSE(HasTransparency(rgb.view()));
}

}  // namespace
}  // namespace peel

#include "src/library/labels/resize_linear.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <vector>

namespace peel::library {
namespace {

ImageU8 Pattern(int width, int height) {
  auto image = ImageU8::Allocate(width, height, 3);
  int i = 0;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width * 3; ++x) image->row(y)[x] = static_cast<uint8_t>(i++ * 37 + 11);
  }
  return *std::move(image);
}

// Of OpenCV 5.0.0: cv2.resize(pattern, (width, height), interpolation=cv2.INTER_LINEAR).
void ExpectOpenCv(int width, int height, const std::vector<int>& expected) {
  const auto out = ResizeLinear(Pattern(5, 4).view(), width, height);
  ASSERT_TRUE(out.ok());
  size_t i = 0;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width * 3; ++x, ++i) {
      EXPECT_LE(std::abs(out->row(y)[x] - expected[i]), 1) << "row " << y << " value " << x;
    }
  }
}

TEST(ResizeLinear, IsOpenCvsWithinALevel) {
  ExpectOpenCv(
      7, 6,
      {11,  48,  85,  74,  111, 148, 154, 118, 154, 233, 14,  51,  129, 93,  130, 136, 172, 100,
       199, 236, 17,  33,  70,  107, 96,  133, 170, 139, 139, 176, 127, 36,  73,  114, 115, 152,
       157, 139, 121, 221, 130, 39,  61,  98,  135, 124, 161, 174, 131, 168, 174, 27,  64,  101,
       106, 143, 180, 167, 113, 150, 206, 30,  67,  90,  127, 164, 153, 190, 105, 159, 196, 81,
       56,  93,  130, 135, 172, 209, 123, 142, 179, 64,  59,  96,  119, 156, 193, 182, 146, 110,
       188, 134, 79,  85,  122, 159, 164, 201, 146, 133, 170, 134, 51,  88,  125, 140, 177, 214,
       203, 94,  131, 209, 64,  101, 106, 143, 180, 185, 222, 76,  155, 192, 83,  72,  109, 146});
  ExpectOpenCv(4, 3, {32,  69,  106, 155, 112, 149, 133, 90,  127, 192, 192, 42,
                      89,  126, 147, 132, 169, 126, 111, 148, 185, 138, 63,  100,
                      147, 157, 189, 189, 93,  103, 168, 205, 109, 83,  120, 130});
}

TEST(ResizeLinear, AveragesWhereFourPixelsWouldMissMost) {
  ImageU8 stripes = *ImageU8::Allocate(64, 64, 3);
  for (int y = 0; y < 64; ++y) {
    for (int x = 0; x < 64 * 3; ++x) stripes.row(y)[x] = y % 4 == 0 ? 252 : 0;
  }
  const auto out = ResizeLinear(stripes.view(), 8, 8);
  ASSERT_TRUE(out.ok());
  for (int x = 0; x < 24; ++x) EXPECT_EQ(out->row(3)[x], 63);
}

TEST(ResizeLinear, RefusesOtherChannels) {
  const ImageU8 grey = *ImageU8::Allocate(4, 4, 1);
  EXPECT_EQ(ResizeLinear(grey.view(), 2, 2).status().code(), StatusCode::kInvalidArgument);
}

TEST(ToPlanes, TurnsChannelsRoundAndFillsTheRest) {
  const ImageU8 image = Pattern(2, 1);
  std::vector<float> planes(3 * 3 * 2, -1);
  ToPlanes(image.view(), /*backwards=*/true, 114.0f, 3, 2, planes.data());
  EXPECT_EQ(planes, (std::vector<float>{85, 196, 114, 114, 114, 114,  //
                                        48, 159, 114, 114, 114, 114,  //
                                        11, 122, 114, 114, 114, 114}));
  std::vector<uint8_t> bytes(2 * 3);
  ToPlanes(image.view(), /*backwards=*/false, uint8_t{0}, 2, 1, bytes.data());
  EXPECT_EQ(bytes, (std::vector<uint8_t>{11, 122, 48, 159, 85, 196}));
}

}  // namespace
}  // namespace peel::library

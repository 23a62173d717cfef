#include "src/matte/transparency.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

namespace peel {
namespace {

ImageU8 Picture(const std::function<int(int x, int y)>& alpha, uint8_t grey, uint8_t hidden = 0) {
  ImageU8 image = *ImageU8::Allocate(60, 40, 4);
  for (int y = 0; y < 40; ++y) {
    for (int x = 0; x < 60; ++x) {
      uint8_t* p = image.row(y) + 4 * x;
      p[3] = static_cast<uint8_t>(alpha(x, y));
      p[0] = p[1] = p[2] = p[3] > 0 ? grey : hidden;
    }
  }
  return image;
}

int Disc(int x, int y) { return std::hypot(x - 30, y - 20) < 15 ? 255 : 0; }

bool CutOut(const std::function<int(int x, int y)>& alpha) {
  const ImageU8 image = Picture(alpha, 90);
  return IsCutOut(image.view());
}

TEST(Transparency, KnowsWhatIsCutOut) {
  EXPECT_TRUE(CutOut(Disc));
  // A bust that stands on the lower border.
  EXPECT_TRUE(CutOut([](int x, int y) { return std::abs(x - 30) < 8 + y / 4 ? 255 : 0; }));
  EXPECT_FALSE(CutOut([](int, int) { return 255; }));
  EXPECT_FALSE(CutOut([](int, int) { return 0; }));
  // A photograph in a clear margin, one with rounded corners, one with a hole, one faded at a side.
  EXPECT_FALSE(CutOut([](int x, int y) { return x > 4 && x < 55 && y > 4 && y < 35 ? 255 : 0; }));
  EXPECT_FALSE(CutOut([](int x, int y) { return x + y > 3 ? 255 : 0; }));
  EXPECT_FALSE(CutOut([](int x, int y) { return 255 - Disc(x, y); }));
  EXPECT_FALSE(CutOut([](int x, int) { return std::min(255, x * 6); }));
}

TEST(Transparency, GroundContrastsWithWhatShows) {
  for (const auto& [grey, ground] : {std::pair{10, 255}, {250, 128}, {130, 255}}) {
    const ImageU8 image = Picture(Disc, static_cast<uint8_t>(grey), 77);
    const auto over = OverContrast(image.view());
    ASSERT_TRUE(over.ok());
    EXPECT_EQ(over->channels(), 3);
    EXPECT_EQ(over->row(0)[0], ground) << grey;
    EXPECT_EQ(over->row(20)[3 * 30], grey);
  }
}

TEST(Transparency, OwnAlphaWeighs) {
  const ImageU8 image = Picture([](int x, int) { return x * 4; }, 5);
  ImageU8 alpha = *ImageU8::Allocate(60, 40, 1);
  for (int y = 0; y < 40; ++y) std::fill_n(alpha.row(y), 60, uint8_t{128});
  MultiplyByOwnAlpha(image.view(), alpha.view());
  EXPECT_EQ(alpha.row(7)[0], 0);
  EXPECT_EQ(alpha.row(7)[50], 100);
}

}  // namespace
}  // namespace peel

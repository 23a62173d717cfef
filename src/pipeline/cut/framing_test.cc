#include "src/pipeline/cut/framing.h"

#include <gtest/gtest.h>

#include <cstring>

namespace peel {
namespace {

ImageU8 Filled(int width, int height, std::vector<uint8_t> pixel) {
  ImageU8 image = *ImageU8::Allocate(width, height, static_cast<int>(pixel.size()));
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      std::memcpy(image.row(y) + static_cast<size_t>(x) * pixel.size(), pixel.data(), pixel.size());
    }
  }
  return image;
}

TEST(Framing, ParsesLengthsPositionsSizesAndShadows) {
  EXPECT_EQ(*ParseLength("20"), Length(20));
  EXPECT_EQ(*ParseLength("20px"), Length(20));
  EXPECT_EQ(ParseLength("2.5%")->Pixels(1000), 25);
  for (const char* bad : {"", "px", "%", "5 %", "abc", "1e9", "nan", "5%%"}) {
    EXPECT_FALSE(ParseLength(bad).ok()) << bad;
  }
  EXPECT_EQ(ParsePosition("bottom-left")->x, Length::Percent(0));
  EXPECT_EQ(ParsePosition("bottom-left")->y, Length::Percent(100));
  EXPECT_EQ(ParsePosition("center")->y, Length::Percent(50));
  EXPECT_EQ(ParsePosition("10,20%")->y, Length::Percent(20));
  for (const char* bad : {"", "middle", "left-right", "top-top", "1,2,3", "1,"}) {
    EXPECT_FALSE(ParsePosition(bad).ok()) << bad;
  }
  EXPECT_EQ(*ParseSize("300x200"), (Size{300, 200}));
  EXPECT_EQ(*ParseSize("300"), (Size{300, 300}));
  for (const char* bad : {"", "x", "0x5", "5x", "70000", "1x2x3", "-5"}) {
    EXPECT_FALSE(ParseSize(bad).ok()) << bad;
  }
  EXPECT_NEAR(ParseShadow("1,2,3,30%")->opacity, 0.3, 1e-9);
  EXPECT_EQ(ParseShadow("-4,2%")->dx, Length(-4));
  for (const char* bad : {"1", "1,2,-3", "1,2,3,4", "1,2,3,101%", "a,b"}) {
    EXPECT_FALSE(ParseShadow(bad).ok()) << bad;
  }
}

TEST(Framing, CanvasHoldsThePictureWhereItWasPut) {
  const ImageU8 red = Filled(20, 10, {255, 0, 0, 255});
  const auto canvas = PlaceOnCanvas(red.view(), {40, 40}, *ParsePosition("bottom"), nullptr);
  ASSERT_TRUE(canvas.ok());
  EXPECT_EQ(canvas->width(), 40);
  EXPECT_EQ(canvas->row(19)[4 * 20 + 3], 0);
  EXPECT_EQ(canvas->row(20)[4 * 0 + 3], 255);
  EXPECT_EQ(canvas->row(39)[4 * 39], 255);
  const auto moved = PlaceOnCanvas(red.view(), {40, 40}, *ParsePosition("-10,35"), nullptr);
  EXPECT_EQ(moved->row(36)[4 * 29 + 3], 255);
  EXPECT_EQ(moved->row(36)[4 * 30 + 3], 0);
  EXPECT_EQ(moved->row(34)[3], 0);
  const auto mask = PlaceOnCanvas(Filled(3, 3, {200}).view(), {9, 3}, {}, nullptr);
  EXPECT_EQ(mask->row(1)[2], 0);
  EXPECT_EQ(mask->row(1)[4], 200);
}

TEST(Framing, ShadowFallsBesideTheSubjectAndLeavesItAlone) {
  ImageU8 cut = Filled(60, 60, {0, 0, 0, 0});
  for (int y = 20; y < 40; ++y) {
    for (int x = 20; x < 40; ++x) std::memcpy(cut.row(y) + 4 * x, "\x10\xc0\x20\xff", 4);
  }
  ASSERT_TRUE(AddShadow(&cut, *ParseShadow("8,8,0,50%"), nullptr).ok());
  EXPECT_EQ(std::memcmp(cut.row(39) + 4 * 39, "\x10\xc0\x20\xff", 4), 0);
  EXPECT_EQ(std::memcmp(cut.row(45) + 4 * 45, "\x00\x00\x00\x80", 4), 0);
  EXPECT_EQ(cut.row(48)[4 * 48 + 3], 0);  // beyond
  EXPECT_EQ(cut.row(22)[4 * 15 + 3], 0);  // on the lit side
  // A half transparent pixel keeps its colour in proportion.
  ImageU8 soft = Filled(30, 30, {200, 100, 0, 128});
  ASSERT_TRUE(AddShadow(&soft, *ParseShadow("0,0,0,100%"), nullptr).ok());
  EXPECT_EQ(soft.row(9)[4 * 9 + 3], 128 + 64);
  EXPECT_NEAR(soft.row(9)[4 * 9], 200 * 128 / 192, 1);
}

}  // namespace
}  // namespace peel

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

Result<ImageU8> Placed(const ImageU8& image, Size canvas, const Position& position) {
  const Box place = PlaceOf(Size{image.width(), image.height()}, canvas, position);
  return PlaceOnCanvas(image.view(), canvas, place, nullptr);
}

TEST(Framing, CanvasHoldsThePictureWhereItWasPut) {
  const ImageU8 red = Filled(20, 10, {255, 0, 0, 255});
  const auto canvas = Placed(red, {40, 40}, *ParsePosition("bottom"));
  ASSERT_TRUE(canvas.ok());
  EXPECT_EQ(canvas->width(), 40);
  EXPECT_EQ(canvas->row(19)[4 * 20 + 3], 0);
  EXPECT_EQ(canvas->row(20)[4 * 0 + 3], 255);
  EXPECT_EQ(canvas->row(39)[4 * 39], 255);
  const auto moved = Placed(red, {40, 40}, *ParsePosition("-10,35"));
  EXPECT_EQ(moved->row(36)[4 * 29 + 3], 255);
  EXPECT_EQ(moved->row(36)[4 * 30 + 3], 0);
  EXPECT_EQ(moved->row(34)[3], 0);
  const auto mask = Placed(Filled(3, 3, {200}), {9, 3}, {});
  EXPECT_EQ(mask->row(1)[2], 0);
  EXPECT_EQ(mask->row(1)[4], 200);
}

TEST(Framing, SubjectsArePlacedByScaleAndPosition) {
  const Size whole = {200, 100};
  const Box part = {20, 50, 40, 20};
  // Half of the canvas is 100 x 50: a box of 2 to 1 fills it.
  EXPECT_EQ(PlaceOf(part, whole, whole, 0.5, {}), (Box{50, 25, 100, 50}));
  EXPECT_EQ(PlaceOf(part, whole, whole, 1, {}), (Box{0, 0, 200, 100}));
  // As large as it is, in the corner; and on a canvas of half the size half as large.
  const Position corner = *ParsePosition("bottom-right");
  EXPECT_EQ(PlaceOf(part, whole, whole, 0, corner), (Box{160, 80, 40, 20}));
  EXPECT_EQ(PlaceOf(part, whole, {100, 50}, 0, corner), (Box{80, 40, 20, 10}));
  const Position original = *ParsePosition("original");
  EXPECT_TRUE(original.original);
  EXPECT_EQ(PlaceOf(part, whole, whole, 0, original), part);
  EXPECT_EQ(PlaceOf(part, whole, {400, 200}, 0, original), (Box{40, 100, 80, 40}));
  // Its middle at (40, 60) stays as far as it fits.
  EXPECT_EQ(PlaceOf(part, whole, whole, 0.2, original), (Box{20, 50, 40, 20}));
  EXPECT_EQ(PlaceOf(part, whole, whole, 0.5, original), (Box{0, 35, 100, 50}));
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

#include "src/image/colour.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <string>
#include <utility>

#include "src/image/css_names.h"
#include "src/image/test_pixels.h"

namespace peel {
namespace {

TEST(ParseColour, UnderstandsCss) {
  const std::pair<const char*, Rgba> good[] = {
      {"white", {255, 255, 255, 255}},
      {"  RebeccaPurple ", {0x66, 0x33, 0x99, 255}},
      {"transparent", {0, 0, 0, 0}},
      {"#f80", {255, 136, 0, 255}},
      {"#F808", {255, 136, 0, 136}},
      {"#010203", {1, 2, 3, 255}},
      {"#01020304", {1, 2, 3, 4}},
      {"rgb(1,2,3)", {1, 2, 3, 255}},
      {"RGB( 1 , 2 , 300 )", {1, 2, 255, 255}},
      {"rgb(100% 0% 50%)", {255, 0, 128, 255}},
      {"rgba(10, 20, 30, 0.5)", {10, 20, 30, 128}},
      {"rgb(10 20 30 / 25%)", {10, 20, 30, 64}},
  };
  for (const auto& [text, colour] : good) {
    const auto parsed = ParseColour(text);
    ASSERT_TRUE(parsed.ok()) << text;
    EXPECT_EQ(*parsed, colour) << text;
  }
  for (const char* text :
       {"", "#", "#12", "#12345", "#ggg", "#-12", "whit", "rgb(1,2)", "rgb(1,2,3", "rgb(1,2,3,4,5)",
        "hsl(1,2,3)", "rgb(1 2 3 4 5)", "rgb(nan,1,2)", "rgb(1,,2)", "rgb(1 2 3 /)", "#+12345"}) {
    const auto parsed = ParseColour(text);
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_NE(parsed.status().message().find(std::string("\"") + text + "\""), std::string::npos);
  }
}

TEST(ParseColour, FindsEveryName) {
  EXPECT_TRUE(std::is_sorted(std::begin(kCssNames), std::end(kCssNames),
                             [](const auto& a, const auto& b) { return a.name < b.name; }));
  EXPECT_EQ(std::size(kCssNames), 148u);
  for (const CssName& n : kCssNames) {
    const auto parsed = ParseColour(n.name);
    ASSERT_TRUE(parsed.ok()) << n.name;
    EXPECT_EQ(parsed->r << 16 | parsed->g << 8 | parsed->b, static_cast<int>(n.rgb)) << n.name;
  }
}

TEST(Convert, GoesToFloatAndBack) {
  ImageU8 all = std::move(*ImageU8::Allocate(256, 1, 1));
  for (int i = 0; i < 256; ++i) all.row(0)[i] = static_cast<uint8_t>(i);
  const auto floats = ToFloat(std::as_const(all).view());
  ASSERT_TRUE(floats.ok());
  EXPECT_EQ(floats->row(0)[255], 1.0f);
  const auto back = ToU8(floats->view());
  for (int i = 0; i < 256; ++i) EXPECT_EQ(back->row(0)[i], i);
  ImageF32 odd = std::move(*ImageF32::Allocate(4, 1, 1));
  odd.row(0)[0] = NAN;
  odd.row(0)[1] = -3;
  odd.row(0)[2] = INFINITY;
  odd.row(0)[3] = 0.5f;
  const auto clamped = ToU8(std::as_const(odd).view());
  EXPECT_EQ(clamped->row(0)[0], 0);
  EXPECT_EQ(clamped->row(0)[1], 0);
  EXPECT_EQ(clamped->row(0)[2], 255);
  EXPECT_EQ(clamped->row(0)[3], 128);
}

TEST(Convert, NarrowsSixteenBits) {
  ImageU16 in = std::move(*ImageU16::Allocate(5, 1, 1));
  const uint16_t values[] = {0, 255, 256, 65535, 257 * 200};
  const uint8_t wanted[] = {0, 0, 1, 255, 200};
  std::copy_n(values, 5, in.row(0));
  const auto out = ToU8(std::as_const(in).view());
  ASSERT_TRUE(out.ok());
  for (int i = 0; i < 5; ++i) EXPECT_EQ(out->row(0)[i], wanted[i]) << values[i];
}

TEST(Convert, SpreadsToRgbUnderEveryTarget) {
  testing::ForEveryTarget([&](const std::string& target) {
    for (int channels : {1, 2, 3, 4}) {
      const ImageU8 in = testing::Noise(3, 77, 2, channels);
      const auto out = ToRgb(in.view());
      ASSERT_TRUE(out.ok());
      for (int y = 0; y < 2; ++y) {
        for (int x = 0; x < 77; ++x) {
          for (int c = 0; c < 3; ++c) {
            ASSERT_EQ(out->row(y)[3 * x + c], in.row(y)[x * channels + (channels >= 3 ? c : 0)])
                << target << channels;
          }
        }
      }
    }
  });
}

}  // namespace
}  // namespace peel

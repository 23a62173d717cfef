#include "src/base/float16.h"

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include <gtest/gtest.h>

namespace peel {
namespace {

// What the bits mean, from the standard's formula.
double ValueOf(uint16_t half) {
  const int exponent = half >> 10 & 0x1f, mantissa = half & 0x3ff;
  const double size =
      exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(1024 + mantissa, exponent - 25);
  return (half & 0x8000) != 0 ? -size : size;
}

TEST(Float16, EveryHalfMeansWhatTheStandardSaysAndComesBack) {
  for (uint32_t bits = 0; bits <= 0xffff; ++bits) {
    const auto half = static_cast<uint16_t>(bits);
    const float value = HalfToFloat(half);
    if ((half & 0x7c00) == 0x7c00) {
      ASSERT_EQ(std::isinf(value), (half & 0x3ff) == 0) << bits;
      ASSERT_EQ(std::signbit(value), (half & 0x8000) != 0) << bits;
      if (std::isinf(value)) {
        ASSERT_EQ(FloatToHalf(value), half);
      }
      continue;
    }
    ASSERT_EQ(value, ValueOf(half)) << bits;
    ASSERT_EQ(FloatToHalf(value), half) << bits;
  }
}

// Between two neighbours the middle goes to the even one, what lies beside it to the nearer.
TEST(Float16, RoundsToTheNearestAndTiesToEven) {
  for (uint32_t bits = 0; bits < 0x7bff; ++bits) {
    const auto low = static_cast<uint16_t>(bits), high = static_cast<uint16_t>(bits + 1);
    const auto middle = static_cast<float>((ValueOf(low) + ValueOf(high)) / 2);
    ASSERT_EQ(FloatToHalf(middle), (bits & 1) == 0 ? low : high) << bits;
    ASSERT_EQ(FloatToHalf(std::nextafterf(middle, 0)), low) << bits;
    ASSERT_EQ(FloatToHalf(std::nextafterf(middle, 1e9f)), high) << bits;
  }
}

TEST(Float16, WhatIsTooLargeIsInfinite) {
  EXPECT_EQ(FloatToHalf(65519.99f), 0x7bff);
  EXPECT_EQ(FloatToHalf(65520.0f), 0x7c00);
  EXPECT_EQ(FloatToHalf(-std::numeric_limits<float>::max()), 0xfc00);
  EXPECT_EQ(FloatToHalf(std::numeric_limits<float>::quiet_NaN()) & 0x7e00, 0x7e00);
}

TEST(Float16, Bfloat16IsAFloatsUpperHalfRounded) {
  for (uint32_t bits = 0; bits <= 0xffff; ++bits) {
    const auto value = static_cast<uint16_t>(bits);
    const float wide = Bfloat16ToFloat(value);
    ASSERT_EQ(std::bit_cast<uint32_t>(wide), bits << 16);
    if (!std::isnan(wide)) {
      ASSERT_EQ(FloatToBfloat16(wide), value);
    }
  }
  EXPECT_EQ(FloatToBfloat16(std::bit_cast<float>(0x3f808000u)), 0x3f80);  // a tie, even below
  EXPECT_EQ(FloatToBfloat16(std::bit_cast<float>(0x3f818000u)), 0x3f82);  // a tie, even above
  EXPECT_EQ(FloatToBfloat16(std::bit_cast<float>(0x3f808001u)), 0x3f81);
  EXPECT_TRUE(std::isnan(Bfloat16ToFloat(FloatToBfloat16(std::bit_cast<float>(0x7f800001u)))));
}

}  // namespace
}  // namespace peel

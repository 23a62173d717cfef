#include "src/codec/resolution.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace peel {
namespace {

using Unit = Resolution::Unit;

TEST(Resolution, WholeInchesSurvivePixelsAMetre) {
  for (uint32_t dpi = 1; dpi <= 10000; ++dpi) {
    const Resolution inches = {static_cast<double>(dpi), static_cast<double>(dpi) + 1, Unit::kInch};
    const auto metre = WholePerMetre(inches, INT32_MAX);
    ASSERT_TRUE(metre);
    EXPECT_EQ(ResolutionPerMetre(metre->x, metre->y), inches) << dpi;
  }
  EXPECT_EQ(ResolutionPerMetre(11811, 11811), (Resolution{300, 300, Unit::kInch}));
  EXPECT_EQ(ResolutionPerMetre(11800, 11811), (Resolution{118, 118.11, Unit::kCentimetre}));
}

TEST(Resolution, NonsenseIsNone) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const double bad : {0.0, -1.0, nan, 1e300, 1e-300}) {
    EXPECT_FALSE(MakeResolution(bad, 72, Unit::kInch).known());
    EXPECT_FALSE(MakeResolution(72, bad, Unit::kInch).known());
  }
  EXPECT_FALSE(PixelAspect(0, 1).known());
  EXPECT_FALSE(PixelAspect(3, 3).known()) << "square pixels are what everybody takes them for";
  EXPECT_TRUE(PixelAspect(2, 1).known());
  EXPECT_FALSE(WholePerMetre({}, 100));
  EXPECT_FALSE(WholePerUnit({1e6, 1e6, Unit::kInch}, 65535));
  EXPECT_FALSE(WholePerUnit({0.1, 0.1, Unit::kInch}, 65535));
}

TEST(Resolution, JfifTakesTheCloserUnit) {
  const auto whole = [](Resolution r) { return *WholePerUnit(r, 65535); };
  EXPECT_EQ(whole({300, 200, Unit::kInch}).y, 200u);
  EXPECT_EQ(whole({118, 100, Unit::kCentimetre}).unit, Unit::kCentimetre);
  const auto inches = whole({118.11, 118.11, Unit::kCentimetre});
  EXPECT_EQ(inches.unit, Unit::kInch);
  EXPECT_EQ(inches.x, 300u);
  EXPECT_EQ(whole({72.009, 72.009, Unit::kInch}).x, 72u);
  const auto shape = whole({1.5, 1, Unit::kNone});
  EXPECT_EQ(shape.x, 3u);
  EXPECT_EQ(shape.y, 2u);
  const auto wide = whole({M_PI, 1, Unit::kNone});
  EXPECT_NEAR(double(wide.x) / wide.y, M_PI, 1e-3);
}

TEST(Resolution, RationalsAreExactDecimals) {
  const auto is = [](double v, uint32_t above, uint32_t below) {
    const auto r = Rational(v);
    EXPECT_EQ(r[0], above) << v;
    EXPECT_EQ(r[1], below) << v;
  };
  is(300, 300, 1);
  is(72.5, 725, 10);
  is(double{118.11f}, 11811, 100);
  is(double{61.385f}, 61385, 1000);
  for (const double v : {1e-9, 1e9, 4e9, M_PI, 0.333333}) {
    const auto r = Rational(v);
    EXPECT_GT(r[0], 0u);
    EXPECT_NEAR(double(r[0]) / r[1], v, 1e-6 + v * 1e-6);
  }
}

}  // namespace
}  // namespace peel

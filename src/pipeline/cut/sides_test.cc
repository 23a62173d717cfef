#include "src/pipeline/cut/sides.h"

#include <gtest/gtest.h>

namespace peel {
namespace {

TEST(Sides, MarginsAreReadAsCssReadsThem) {
  EXPECT_EQ(*ParseMargins("7"), Margins(7, 7, 7, 7));
  EXPECT_EQ(*ParseMargins("7px,5%"), Margins(7, Length::Percent(5), 7, Length::Percent(5)));
  EXPECT_EQ(*ParseMargins("1,2,3,4"), Margins(1, 2, 3, 4));
  for (const char* bad : {"", "1,", "1,2,3", "1,2,3,4,5", "-1", "1,-2", "a", "1,2,3,4,"}) {
    EXPECT_FALSE(ParseMargins(bad).ok()) << bad;
  }
}

TEST(Sides, MarginsGrowTheBoxUpToTheBorders) {
  const Box subject = {30, 20, 40, 10};
  EXPECT_EQ(WithMargins(subject, Margins(1, 2, 3, 4), {100, 100}), (Box{26, 19, 46, 14}));
  // Of the longer side on all sides.
  EXPECT_EQ(WithMargins(subject, Margins(Length::Percent(10)), {100, 100}), (Box{26, 16, 48, 18}));
  EXPECT_EQ(WithMargins(subject, Margins(100000, 0, 100000, 0), {100, 50}), (Box{30, 0, 40, 50}));
  EXPECT_EQ(WithMargins(subject, Margins(-5), {100, 50}), subject);
}

TEST(Sides, RegionsAreOfTheFullPictureAndMayBeScaled) {
  const Region region = *ParseRegion("10,20px,50%,100%");
  EXPECT_EQ(*BoxOf(region, {100, 80}, {100, 80}), (Box{10, 20, 40, 60}));
  EXPECT_EQ(*BoxOf(region, {100, 80}, {50, 40}), (Box{5, 10, 20, 30}));
  EXPECT_EQ(*BoxOf(*ParseRegion("-5,0,1000,100%"), {100, 80}, {100, 80}), (Box{0, 0, 100, 80}));
  for (const char* empty : {"50,0,50,80", "60,0,50,80", "0,0,0,80", "100,0,200,80"}) {
    EXPECT_FALSE(BoxOf(*ParseRegion(empty), {100, 80}, {100, 80}).ok()) << empty;
  }
  for (const char* bad : {"", "1,2,3", "1,2,3,4,5", "a,b,c,d", "1 2 3 4"}) {
    EXPECT_FALSE(ParseRegion(bad).ok()) << bad;
  }
}

}  // namespace
}  // namespace peel

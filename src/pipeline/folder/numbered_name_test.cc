#include "src/pipeline/folder/numbered_name.h"

#include <gtest/gtest.h>

namespace peel {
namespace {

TEST(NumberedName, IsPrintfsWhereItIsHarmless) {
  EXPECT_EQ(NumberedName("out-%03u.png", 7), "out-007.png");
  EXPECT_EQ(NumberedName("%d", 12345), "12345");
  EXPECT_EQ(NumberedName("%3i", 7), "  7");
  EXPECT_EQ(NumberedName("50%%-%02d", 123), "50%-123");
  for (const char* bad :
       {"", "out.png", "%", "%s", "%n%d", "%d-%d", "%03", "%-3d", "%ld", "%999999d", "100%"}) {
    EXPECT_FALSE(NumberedName(bad, 1)) << bad;
  }
}

TEST(FrameName, FindsItsPlace) {
  EXPECT_EQ(FrameName("a/photo.cut.png", 1), "a/photo-001.cut.png");
  EXPECT_EQ(FrameName("photo.mask.tif", 12), "photo-012.mask.tif");
  EXPECT_EQ(FrameName("x.png", 1234), "x-1234.png");
  EXPECT_EQ(FrameName("x_%u.png", 3), "x_3.png");
  EXPECT_EQ(FrameName(".cut.png", 3), ".cut-003.png");
  EXPECT_EQ(FrameName("-", 3), "-");
  EXPECT_EQ(FrameName("100%.png", 3), "100%-003.png");
}

}  // namespace
}  // namespace peel

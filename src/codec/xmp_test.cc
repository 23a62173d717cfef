#include "src/codec/xmp.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace peel {
namespace {

TEST(Xmp, OrientationIsReadAndReset) {
  for (const std::string form :
       {"<x tiff:Orientation=\"6\"/>", "<tiff:Orientation>6</tiff:Orientation>"}) {
    const std::vector<uint8_t> xmp(form.begin(), form.end());
    EXPECT_EQ(XmpOrientation(xmp), 6);
    const auto after = UpdateXmp(xmp);
    EXPECT_EQ(XmpOrientation(after), 1);
    EXPECT_EQ(after.size(), xmp.size());
  }
  const std::string none = "<x>tiff:Orientation</x>";
  EXPECT_EQ(XmpOrientation(std::vector<uint8_t>(none.begin(), none.end())), 0);
  const std::string gain = "<x hdrgm:Version=\"1.0\"/>";
  EXPECT_TRUE(UpdateXmp(std::vector<uint8_t>(gain.begin(), gain.end())).empty());
}

}  // namespace
}  // namespace peel

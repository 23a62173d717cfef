#include "src/base/edit_distance.h"

#include <gtest/gtest.h>

namespace peel {
namespace {

TEST(EditDistance, CountsEachKindOfEditOnce) {
  EXPECT_EQ(EditDistance("", ""), 0u);
  EXPECT_EQ(EditDistance("size", "size"), 0u);
  EXPECT_EQ(EditDistance("", "size"), 4u);
  EXPECT_EQ(EditDistance("size", ""), 4u);
  EXPECT_EQ(EditDistance("size", "sizes"), 1u);
  EXPECT_EQ(EditDistance("size", "sze"), 1u);
  EXPECT_EQ(EditDistance("size", "sire"), 1u);
  EXPECT_EQ(EditDistance("size", "szie"), 1u) << "neighbours swapped are one mistake";
  EXPECT_EQ(EditDistance("kitten", "sitting"), 3u);
}

TEST(EditDistance, IsTheSameBothWays) {
  EXPECT_EQ(EditDistance("u2netp", "silueta"), EditDistance("silueta", "u2netp"));
  EXPECT_EQ(EditDistance("ca", "abc"), 3u) << "what was swapped is not edited again";
}

}  // namespace
}  // namespace peel

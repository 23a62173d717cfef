#include "src/base/sentences.h"

#include <gtest/gtest.h>

namespace peel {
namespace {

TEST(AddSentence, JoinsAndDoesNotRepeat) {
  std::string all;
  AddSentence("", &all);
  EXPECT_EQ(all, "");
  AddSentence("the profile is damaged; it was left out", &all);
  AddSentence("this is the first of 3 frames", &all);
  AddSentence("", &all);
  AddSentence("the profile is damaged; it was left out", &all);
  EXPECT_EQ(all, "the profile is damaged; it was left out. this is the first of 3 frames");
}

}  // namespace
}  // namespace peel

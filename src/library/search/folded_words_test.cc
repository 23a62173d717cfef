#include "src/library/search/folded_words.h"

#include <gtest/gtest.h>

namespace peel::library {
namespace {

using Words = std::vector<std::string>;

TEST(FoldedWords, LettersWithoutCaseAndAccents) {
  EXPECT_EQ(FoldedWords("Qu\u00e9bec, STRA\u00dfE \u0141\u00f3d\u017a"),
            (Words{"quebec", "strasse", "lodz"}));
  EXPECT_EQ(FoldedWords("Que\u0301bec"), Words{"quebec"});  // the accent by itself
  EXPECT_EQ(FoldedWords("\u041c\u043e\u0441\u043a\u0432\u0430 \u0391\u03b8\u03ae\u03bd\u03b1"),
            (Words{"\u043c\u043e\u0441\u043a\u0432\u0430", "\u03b1\u03b8\u03ae\u03bd\u03b1"}));
  EXPECT_EQ(FoldedWords("\u4eac\u90fd \u65e5\u672c"), (Words{"\u4eac\u90fd", "\u65e5\u672c"}));
}

TEST(FoldedWords, DividesAtWhatIsNoLetter) {
  EXPECT_EQ(FoldedWords("/IMG_0012 (2).JPG"), (Words{"img", "0012", "2", "jpg"}));
  EXPECT_EQ(FoldedWords("a\xff"
                        "b \xe2\x82"),
            (Words{"a", "b"}));
  EXPECT_EQ(FoldedWords("3\u00d74"), (Words{"3", "4"}));
  EXPECT_TRUE(FoldedWords(" \u2014 ").empty());
}

}  // namespace
}  // namespace peel::library

#include "src/base/utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace peel {
namespace {

TEST(Utf8Test, EveryCharacterGoesThereAndBack) {
  for (uint32_t code = 0; code <= 0x10FFFF; ++code) {
    if (code >= 0xD800 && code <= 0xDFFF) continue;
    std::string text;
    AppendUtf8(code, &text);
    const Utf8Character first = FirstUtf8Character(text + "x");
    ASSERT_TRUE(first.is_valid) << code;
    ASSERT_EQ(first.code, code);
    ASSERT_EQ(first.size, text.size());
    ASSERT_TRUE(IsUtf8(text)) << code;
    // Cut off, it is none, and one byte is passed over.
    if (text.size() < 2) continue;
    text.pop_back();
    const Utf8Character cut = FirstUtf8Character(text);
    ASSERT_FALSE(cut.is_valid) << code;
    ASSERT_EQ(cut.size, 1U);
    ASSERT_FALSE(IsUtf8("12345678" + text)) << code;
  }
}

TEST(Utf8Test, RefusesWhatIsNone) {
  for (const char* const text :
       {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xED\xBF\xBF",
        "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "\xC3\x28"}) {
    EXPECT_FALSE(FirstUtf8Character(text).is_valid) << text;
    EXPECT_FALSE(IsUtf8(text)) << text;
  }
  for (const uint32_t code : {0xD800U, 0xDFFFU, 0x110000U, 0xFFFFFFFFU}) {
    std::string text;
    AppendUtf8(code, &text);
    EXPECT_EQ(text, "\xEF\xBF\xBD");
  }
}

}  // namespace
}  // namespace peel

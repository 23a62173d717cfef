#include "src/library/metadata/photo_text.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "src/base/utf8.h"
#include "src/library/metadata/xml_walk.h"

namespace peel::library {
namespace {

using namespace std::string_view_literals;

TEST(PhotoTextTest, CleansText) {
  EXPECT_EQ(CleanText("  a\tb\r\n "), "a b");
  EXPECT_EQ(CleanText("before\0behind"sv), "before");
  EXPECT_EQ(CleanText("Z\xC3\xBCrich"), "Zürich");
  EXPECT_EQ(CleanText("Z\xFCrich \x80"), "Zürich €");  // Windows' code page
  EXPECT_EQ(CleanText("\xC2\x85x\x7F"), "x");          // control characters of two bytes
  EXPECT_EQ(CleanText("   "), "");
  // Longer than need be, a half of a pair, beyond the last: no UTF-8.
  for (const auto bad : {"\xC0\x80"sv, "\xE0\x80\x80"sv, "\xED\xA0\x80"sv, "\xF4\x90\x80\x80"sv,
                         "\xF8\x88\x80\x80"sv, "\xC3"sv}) {
    EXPECT_FALSE(IsUtf8(bad));
    EXPECT_TRUE(IsUtf8(CleanText(bad)));
  }
  const std::string longest = CleanText(std::string(70000, 'x') + "é");
  EXPECT_EQ(longest.size(), 65536u);
}

TEST(PhotoTextTest, ReadsOtherEncodings) {
  const uint8_t little[] = {'Z', 0, 0xFC, 0, 0x3D, 0xD8, 0x00, 0xDE, 0, 0, 'x', 0};
  EXPECT_EQ(TextFromUtf16(little, true), "Zü😀");
  const uint8_t big[] = {0, 'Z', 0, 0xFC, 0xD8, 0x3D, 0, 'a'};
  EXPECT_EQ(TextFromUtf16(big, false),
            "Zü\xEF\xBF\xBD"
            "a");
  EXPECT_EQ(TextFromLatin1("Z\xFCrich"), "Zürich");
}

TEST(PhotoTextTest, ReadsMoments) {
  const struct {
    const char *text, *at, *offset;
  } moments[] = {{"2024:05:01 12:30:05", "2024-05-01T12:30:05", ""},
                 {"2024-05-01T12:30:05.123+02:00", "2024-05-01T12:30:05.123", "+02:00"},
                 {"2024-05-01T12:30Z", "2024-05-01T12:30:00", "+00:00"},
                 {"2024-02-29", "2024-02-29T00:00:00", ""},
                 {"20240501T123005-0730", "2024-05-01T12:30:05", "-07:30"},
                 {"2023:02:29 12:30:05", "", ""},
                 {"2024:13:01 12:30:05", "", ""},
                 {"2024:05:01 24:30:05", "", ""},
                 {"0000:00:00 00:00:00", "", ""},
                 {"    :  :     :  :  ", "", ""},
                 {"2024", "", ""},
                 {"", "", ""}};
  for (const auto& m : moments) {
    const Moment moment = ParseMoment(m.text);
    EXPECT_EQ(moment.at, m.at) << m.text;
    EXPECT_EQ(moment.offset, m.offset) << m.text;
  }
  std::string at = "2024-05-01T12:30:05";
  AddSubseconds(" 07 ", &at);
  EXPECT_EQ(at, "2024-05-01T12:30:05.07");
  AddSubseconds("9", &at);  // has some
  EXPECT_EQ(at, "2024-05-01T12:30:05.07");
  EXPECT_EQ(ParseOffset("+15:00"), "");
  EXPECT_EQ(ParseOffset("+02:75"), "");
}

TEST(PhotoTextTest, ReadsNumbers) {
  EXPECT_EQ(ParseNumber("28/10"), 2.8);
  EXPECT_EQ(ParseNumber(" +1.5"), 1.5);
  for (const char* bad : {"", "x", "1/0", "inf", "nan", "1/x"})
    EXPECT_FALSE(ParseNumber(bad)) << bad;
}

TEST(PhotoTextTest, NamesLenses) {
  EXPECT_EQ(LensRange(18, 55, 3.5, 5.6), "18-55mm f/3.5-5.6");
  EXPECT_EQ(LensRange(50, 50, 1.8, 1.8), "50mm f/1.8");
  EXPECT_EQ(LensRange(4.25, 0, 0, 0), "4.25mm");
  EXPECT_EQ(LensRange(0, 55, 3.5, 5.6), "");
}

TEST(PhotoTextTest, SplitsKeywords) {
  EXPECT_EQ(SplitKeywords("a; b;;c ", ';'), (std::vector<std::string>{"a", "b", "c"}));
}

TEST(PhotoTextTest, ResolvesEntities) {
  EXPECT_EQ(Unescape("a &amp; b &lt;&gt;&quot;&apos; &#xFC;&#8364;"), "a & b <>\"' ü€");
  EXPECT_EQ(Unescape("&nbsp; & &#x; &#0; &"), "&nbsp; & &#x; &#0; &");
}

}  // namespace
}  // namespace peel::library

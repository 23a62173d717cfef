#include "src/library/report/text.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

namespace peel::library {
namespace {

TEST(HtmlText, NothingOfItIsMarkup) {
  EXPECT_EQ(HtmlText("<script>\"a\" & 'b'</script>"),
            "&lt;script&gt;&quot;a&quot; &amp; &#39;b&#39;&lt;/script&gt;");
  // A name that would be shown as photo.exe.gpj turned round.
  EXPECT_EQ(HtmlText("photo\xE2\x80\xAEgpj.exe"), "photo\xE2\x90\xA3gpj.exe");
  EXPECT_EQ(HtmlText("a\tb\nc\x01"), "a b c\xE2\x90\xA3");
  EXPECT_EQ(HtmlText("Qu\xC3\xA9"
                     "bec \xF0\x9F\x93\xB7"),
            "Qu\xC3\xA9"
            "bec \xF0\x9F\x93\xB7");
}

TEST(ValidUtf8, ReplacesWhatIsNone) {
  const std::string mark = "\xEF\xBF\xBD";
  EXPECT_EQ(ValidUtf8("a\xE4z"), "a" + mark + "z");
  EXPECT_EQ(ValidUtf8("\xC0\xAF"), mark + mark);             // a longer form of a slash
  EXPECT_EQ(ValidUtf8("\xED\xA0\x80"), mark + mark + mark);  // half of a pair
  EXPECT_EQ(ValidUtf8("\xF4\x90\x80\x80"), mark + mark + mark + mark);
  EXPECT_EQ(ValidUtf8("\xE2\x82"), mark + mark);  // cut off
  EXPECT_EQ(ValidUtf8("\xE2\x82\xAC"), "\xE2\x82\xAC");
}

TEST(JsonText, EscapesWhatItMust) {
  EXPECT_EQ(JsonText("a\"b\\c\n\x1F"), "\"a\\\"b\\\\c\\u000A\\u001F\"");
  EXPECT_EQ(JsonText("\xFF"), "\"\xEF\xBF\xBD\"");
}

TEST(Base64, OfEveryRest) {
  const auto of = [](std::string_view text) {
    return Base64(std::vector<uint8_t>(text.begin(), text.end()));
  };
  EXPECT_EQ(of(""), "");
  EXPECT_EQ(of("f"), "Zg==");
  EXPECT_EQ(of("fo"), "Zm8=");
  EXPECT_EQ(of("foobar"), "Zm9vYmFy");
}

TEST(NumberText, IsPlainAndExact) {
  EXPECT_EQ(NumberText(1700000000.0), "1700000000");
  EXPECT_EQ(NumberText(0.1), "0.1");
  EXPECT_EQ(NumberText(0.1F), "0.1");
  EXPECT_EQ(NumberText(0.0), "0");
  EXPECT_EQ(NumberText(-2.5e-7), "-2.5e-07");
  EXPECT_EQ(NumberText(std::numeric_limits<double>::quiet_NaN()), "null");
}

TEST(UrlOfPath, KeepsSlashesAlone) {
  EXPECT_EQ(UrlOfPath("../a b/100%#?\xC3\xA9:.jpg"), "../a%20b/100%25%23%3F%C3%A9%3A.jpg");
}

}  // namespace
}  // namespace peel::library

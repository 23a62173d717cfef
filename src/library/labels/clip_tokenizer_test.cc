#include "src/library/labels/clip_tokenizer.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "src/library/labels/words.h"

namespace peel::library {
namespace {

using Ids = std::vector<int32_t>;

// Ids without a vocabulary.json: 256 bytes, 256 bytes that end a word, the merges, both ends.
// '!' is byte 0 of the order, 'a' number 64.
constexpr const char* kMerges = "#version: 0.2\nc a\nca t</w>\na t</w>\n";
constexpr int32_t kCa = 512, kCatEnd = 513, kAtEnd = 514, kStart = 515, kEnd = 516;
constexpr int32_t kFirstEnd = 256, kLetterB = 'b' - '!', kLetterC = 'c' - '!';

ClipTokenizer Small() { return *ClipTokenizer::Make(kMerges, ""); }

TEST(ClipTokenizer, MergesByRank) {
  const ClipTokenizer t = Small();
  EXPECT_EQ(t.start(), kStart);
  EXPECT_EQ(t.end(), kEnd);
  EXPECT_EQ(t.Encode("cat"), (Ids{kCatEnd}));
  EXPECT_EQ(t.Encode("CAT  at\tbat"), (Ids{kCatEnd, kAtEnd, kLetterB, kAtEnd}));
  EXPECT_EQ(t.Encode("cac"), (Ids{kCa, kFirstEnd + kLetterC}));
  EXPECT_EQ(t.Encode(""), Ids{});
}

TEST(ClipTokenizer, SplitsWordsAtKindsOfCharacters) {
  const ClipTokenizer t = Small();
  const auto end_of = [](char c) { return kFirstEnd + (c - '!'); };
  EXPECT_EQ(t.Encode("cat12"), (Ids{kCatEnd, end_of('1'), end_of('2')}));
  EXPECT_EQ(t.Encode("cat?!"), (Ids{kCatEnd, '?' - '!', end_of('!')}));
  EXPECT_EQ(t.Encode("cat's"), (Ids{kCatEnd, '\'' - '!', end_of('s')}));
}

TEST(ClipTokenizer, FillsASequence) {
  const ClipTokenizer t = Small();
  EXPECT_EQ(t.Sequence("cat", 5), (Ids{kStart, kCatEnd, kEnd, 0, 0}));
  EXPECT_EQ(t.Sequence("cat at at at at", 4), (Ids{kStart, kCatEnd, kAtEnd, kEnd}));
  EXPECT_EQ(t.Sequence("", 2), (Ids{kStart, kEnd}));
}

TEST(ClipTokenizer, TakesAnyBytes) {
  const ClipTokenizer t = Small();
  std::string bytes;
  for (int b = 0; b < 256; ++b) bytes += static_cast<char>(b);
  EXPECT_GT(t.Encode(bytes).size(), 100U);
  EXPECT_LE(t.Encode(std::string(100000, 'q')).size(), 2000U);
}

TEST(ClipTokenizer, SaysWhatIsWrongWithAVocabulary) {
  const auto message = [](const char* merges, const char* vocabulary) {
    const auto made = ClipTokenizer::Make(merges, vocabulary);
    return made.ok() ? std::string("none") : made.status().message();
  };
  EXPECT_NE(message("#v\na b c\n", "").find("line 2"), std::string::npos);
  EXPECT_NE(message(kMerges, "[1]").find("JSON"), std::string::npos);
  EXPECT_NE(message(kMerges, "{\"a\": \"b\"}").find("\"a\" has no number"), std::string::npos);
  EXPECT_NE(message(kMerges, "{\"a\": 1}").find("has no \""), std::string::npos);
  EXPECT_NE(message(kMerges, "{\"a\": -1}").find("has no number"), std::string::npos);
}

TEST(Words, AreComposedAndInLowerCase) {
  const auto lower = [](const char* text) {
    std::string out;
    for (const char32_t c : LowercaseNfc(FromUtf8(text))) out += ToUtf8(c);
    return out;
  };
  EXPECT_EQ(lower("CAFE\xCC\x81 \xC3\x84"), "caf\xC3\xA9 \xC3\xA4");
  EXPECT_EQ(lower("\xC4\xB0"), "i\xCC\x87");
  EXPECT_EQ(lower("\xE1\x84\x92\xE1\x85\xA1\xE1\x86\xAB"), "\xED\x95\x9C") << "Hangul";
  EXPECT_EQ(lower("a\xFF\x62"), "a\xEF\xBF\xBD\x62");
  EXPECT_EQ(KindOf(U'\u3000'), CharacterKind::kSpace);
  EXPECT_EQ(KindOf(U'\u4E2D'), CharacterKind::kLetter);
  EXPECT_EQ(KindOf(U'\u0664'), CharacterKind::kNumber);
  EXPECT_EQ(KindOf(U'\U0001F600'), CharacterKind::kOther);
}

}  // namespace
}  // namespace peel::library

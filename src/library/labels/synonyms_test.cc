#include "src/library/labels/synonyms.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "src/library/labels/kinds.h"
#include "src/library/labels/scenes.h"

namespace peel::library {
namespace {

class LabelSearchTest : public testing::Test {
 protected:
  // The weight of a label among those for a text, 0 where it is not there.
  static float Weight(const char* text, const char* label, bool is_object = false) {
    static const LabelSearch search = EmbeddedLabelSearch();
    const auto found = search.Find(text);
    const auto at = std::ranges::find_if(
        found, [&](const LabelMatch& m) { return m.label == label && m.is_object == is_object; });
    return at == found.end() ? 0 : at->weight;
  }
};

TEST_F(LabelSearchTest, KnowsNamesSynonymsAndTheirLastWord) {
  EXPECT_EQ(Weight("tabby cat", "tabby"), 1.0f);
  EXPECT_EQ(Weight("TABBY", "tabby"), 1.0f);
  EXPECT_EQ(Weight("cats", "tabby"), 0.9f);
  EXPECT_EQ(Weight("cat", "cat", true), 1.0f);
  EXPECT_EQ(Weight("Egyptian", "Egyptian cat"), 0.6f);
  EXPECT_EQ(Weight("loup", "tabby"), 0.0f);
}

TEST_F(LabelSearchTest, KnowsKinds) {
  EXPECT_EQ(Weight("bird", "robin"), 0.8f);
  EXPECT_EQ(Weight("dogs", "golden retriever"), 0.8f);
  EXPECT_EQ(Weight("dog", "tabby"), 0.0f);
  EXPECT_EQ(Weight("beaches", "seashore"), 0.8f);
  EXPECT_EQ(Weight("coasts", "seashore"), 1.0f);
  EXPECT_EQ(Weight("mountains", "alp"), 0.8f);
  EXPECT_EQ(Weight("woman", "person", true), 0.8f);
  EXPECT_EQ(Weight("vehicle", "bus", true), 0.8f);
}

TEST_F(LabelSearchTest, TellsBirdsFromMachinesOfOneName) {
  EXPECT_EQ(Weight("construction crane", "construction crane"), 1.0f);
  EXPECT_EQ(Weight("bird crane", "construction crane"), 0.0f);
}

TEST_F(LabelSearchTest, TakesAPhraseAsAWholeFirst) {
  EXPECT_EQ(Weight("fire engine", "fire engine"), 1.0f);
  EXPECT_EQ(Weight("fire engine", "steam locomotive"), 0.0f);
  EXPECT_GT(Weight("a dog on a beach", "seashore"), 0.0f);
  EXPECT_GT(Weight("a dog on a beach", "dog", true), 0.0f);
}

TEST_F(LabelSearchTest, FindsNothingForNothing) {
  const LabelSearch search = EmbeddedLabelSearch();
  EXPECT_TRUE(search.Find("").empty());
  EXPECT_TRUE(search.Find(" ,.! ").empty());
  EXPECT_TRUE(search.Find("\xff\xfe qqqq").empty());
}

TEST(Kinds, NameClassesThatThereAre) {
  const LabelSearch search = EmbeddedLabelSearch();
  for (const SceneKind& kind : SceneKinds()) {
    const auto found = search.Find(kind.word);
    for (const std::string_view name : {kind.first, kind.last}) {
      EXPECT_TRUE(std::ranges::any_of(found, [&](const auto& m) { return m.label == name; }))
          << kind.word << ": " << name;
    }
  }
  for (const ObjectKind& kind : ObjectKinds()) {
    const auto found = search.Find(kind.word);
    EXPECT_TRUE(std::ranges::any_of(
        found, [&](const auto& m) { return m.is_object && m.label == kind.label; }))
        << kind.word << ": " << kind.label;
  }
}

TEST(ReadableLabels, AreTheFirstNamesThatAreNobodyElses) {
  EXPECT_EQ(
      ReadableLabels(
          {"tench, Tinca tinca", "Cardigan, Cardigan Welsh corgi", "cardigan", "crane", "crane"}),
      (std::vector<std::string>{"tench", "Cardigan Welsh corgi", "cardigan", "crane", "crane"}));
}

}  // namespace
}  // namespace peel::library

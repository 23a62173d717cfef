#include "src/library/duplicates/stacks.h"

#include <gtest/gtest.h>

#include <vector>

namespace peel::library {
namespace {

constexpr bool kRaw = true, kStill = false;

StackItem Item(uint64_t stem, bool is_raw, int64_t taken_ms) {
  StackItem item;
  item.stem = stem;
  item.is_raw = is_raw;
  item.camera = 8;
  item.taken_ms = taken_ms;
  item.hash_quality = 100;
  return item;
}

using Indices = std::vector<size_t>;

TEST(StacksTest, RawAndItsStillWithinTwoSeconds) {
  std::vector<StackItem> items = {Item(1, kStill, 1000), Item(2, kStill, 1000000),
                                  Item(1, kRaw, 3000), Item(0, kRaw, 9000000)};
  auto stacks = FindStacks(items, {}, {});
  ASSERT_EQ(stacks.size(), 1u);
  EXPECT_EQ(stacks[0].kind, StackKind::kRawAndJpeg);
  EXPECT_EQ(stacks[0].members, (Indices{0, 2}));
  items[2].taken_ms = 3001;
  items[2].camera = 0;  // no burst either
  EXPECT_TRUE(FindStacks(items, {}, {}).empty());
  items[2].taken_ms = kNoTime;
  EXPECT_EQ(FindStacks(items, {}, {}).size(), 1u);
}

StackItem Live(uint64_t stem, uint64_t identifier = 0, uint64_t folder = 1) {
  StackItem item;
  item.stem = stem;
  item.folder = folder;
  item.identifier = identifier;
  item.may_be_live = true;
  return item;
}

TEST(StacksTest, AStillAndTheFilmOfItsStem) {
  const std::vector<StackItem> items = {Live(4), Live(5), Live(7)};
  std::vector<FilmItem> films = {{6, 1, 0, 3.0}, {5, 1, 0, 3.0}, {5, 1, 0, {}}};
  auto stacks = FindStacks(items, films, {});
  ASSERT_EQ(stacks.size(), 1u);
  EXPECT_EQ(stacks[0].kind, StackKind::kLive);
  EXPECT_EQ(stacks[0].members, (Indices{1}));
  EXPECT_EQ(stacks[0].films, (Indices{1, 2}));
  films.resize(2);
  films[1].duration_s = 10.5;  // a film and its poster
  EXPECT_TRUE(FindStacks(items, films, {}).empty());
}

TEST(StacksTest, OtherFormatsAreNoLivePhotos) {
  std::vector<StackItem> items = {Live(5)};
  const std::vector<FilmItem> films = {{5, 1, 9, 3.0}};
  EXPECT_EQ(FindStacks(items, films, {}).size(), 1u);
  items[0].may_be_live = false;
  EXPECT_TRUE(FindStacks(items, films, {}).empty());
  items[0].identifier = 9;
  EXPECT_EQ(FindStacks(items, films, {}).size(), 1u);
}

TEST(StacksTest, IdentifiersDecideWhereBothAreThere) {
  // One stem and two captures; a still without an identifier may well be the film's.
  EXPECT_TRUE(
      FindStacks(std::vector{Live(5, 100)}, std::vector<FilmItem>{{5, 1, 200, 3.0}}, {}).empty());
  EXPECT_EQ(FindStacks(std::vector{Live(5)}, std::vector<FilmItem>{{5, 1, 200, 3.0}}, {}).size(),
            1u);
  EXPECT_EQ(FindStacks(std::vector{Live(5, 100)}, std::vector<FilmItem>{{5, 1, 0, 3.0}}, {}).size(),
            1u);
  // Another name, however long; not in another folder.
  const std::vector<FilmItem> renamed = {{6, 1, 100, 60.0}};
  EXPECT_EQ(FindStacks(std::vector{Live(5, 100)}, renamed, {}).size(), 1u);
  EXPECT_TRUE(FindStacks(std::vector{Live(5, 100, 2)}, renamed, {}).empty());
  // Of two stills with the film's identifier, the one with its name.
  const auto stacks = FindStacks(std::vector{Live(5, 100), Live(6, 100)},
                                 std::vector<FilmItem>{{6, 1, 100, 3.0}}, {});
  ASSERT_EQ(stacks.size(), 1u);
  EXPECT_EQ(stacks[0].members, (Indices{1}));
}

TEST(StacksTest, TwoStillsOfOneFilm) {
  const auto stacks = FindStacks(std::vector{Live(5), Live(5), Live(5, 7)},
                                 std::vector<FilmItem>{{5, 1, 0, 2.0}, {9, 1, 7, 2.0}}, {});
  ASSERT_EQ(stacks.size(), 1u);
  EXPECT_EQ(stacks[0].members, (Indices{0, 1, 2}));
  EXPECT_EQ(stacks[0].films, (Indices{0, 1}));
}

TEST(StacksTest, ABurstEndsWithAPauseAnotherCameraOrAnotherSight) {
  std::vector<StackItem> items;
  for (const int64_t at : {3000, 1000, 5001, 5400, 5600}) items.push_back(Item(0, kStill, at));
  auto stacks = FindStacks(items, {}, {});
  ASSERT_EQ(stacks.size(), 2u);
  EXPECT_EQ(stacks[0].members, (Indices{1, 0}));  // by time
  EXPECT_EQ(stacks[1].members, (Indices{2, 3, 4}));
  EXPECT_EQ(stacks[1].kind, StackKind::kBurst);
  items[3].hash.words = {~uint64_t{0}, ~uint64_t{0}, 0, 0};  // 128 bits away
  EXPECT_EQ(FindStacks(items, {}, {}).size(), 1u);
  items[3].hash = {};
  items[3].camera = 9;
  stacks = FindStacks(items, {}, {});
  ASSERT_EQ(stacks.size(), 2u);
  EXPECT_EQ(stacks[1].members, (Indices{2, 4}));
}

TEST(StacksTest, EmbeddingsDecideWhereBothHaveThem) {
  std::vector<StackItem> items = {Item(0, kStill, 1000), Item(0, kStill, 1500)};
  const std::vector<uint16_t> far = {0x3c00, 0, 0, 0x3c00}, none = {0x3c00, 0, 0, 0};
  EXPECT_TRUE(FindStacks(items, {}, {far.data(), 2, 2}).empty());
  EXPECT_EQ(FindStacks(items, {}, {none.data(), 2, 2}).size(), 1u);
  items[1].hash.words[0] = ~uint64_t{0};
  items[1].hash.words[1] = ~uint64_t{0};
  const std::vector<uint16_t> near = {0x3c00, 0, 0x3c00, 0};
  EXPECT_EQ(FindStacks(items, {}, {near.data(), 2, 2}).size(), 1u);
  EXPECT_TRUE(FindStacks(items, {}, {none.data(), 2, 2}).empty());
}

TEST(StacksTest, ARawFileCountsForItsStillAndCopiesAreNoBurst) {
  std::vector<StackItem> items = {Item(1, kStill, 1000), Item(1, kRaw, 1000),
                                  Item(2, kStill, 1000)};
  auto stacks = FindStacks(items, {}, {});
  ASSERT_EQ(stacks.size(), 1u);
  EXPECT_EQ(stacks[0].kind, StackKind::kRawAndJpeg);
  items[2].taken_ms = 1200;
  stacks = FindStacks(items, {}, {});
  ASSERT_EQ(stacks.size(), 2u);
  EXPECT_EQ(stacks[1].members, (Indices{0, 2}));
}

TEST(StacksTest, AbsurdClocksAreTaken) {
  const std::vector<StackItem> items = {Item(0, kStill, INT64_MAX), Item(0, kStill, INT64_MIN + 1),
                                        Item(0, kStill, INT64_MAX - 5)};
  const auto stacks = FindStacks(items, {}, {});
  ASSERT_EQ(stacks.size(), 1u);
  EXPECT_EQ(stacks[0].members, (Indices{2, 0}));
}

}  // namespace
}  // namespace peel::library

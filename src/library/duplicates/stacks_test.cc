#include "src/library/duplicates/stacks.h"

#include <gtest/gtest.h>

#include <vector>

namespace peel::library {
namespace {

StackItem Item(uint64_t stem, FileKind kind, int64_t taken_ms) {
  StackItem item;
  item.stem = stem;
  item.kind = kind;
  item.camera = 8;
  item.taken_ms = taken_ms;
  item.hash_quality = 100;
  return item;
}

using Indices = std::vector<size_t>;

TEST(StacksTest, RawAndItsStillWithinTwoSeconds) {
  std::vector<StackItem> items = {Item(1, FileKind::kStill, 1000),
                                  Item(2, FileKind::kStill, 1000000), Item(1, FileKind::kRaw, 3000),
                                  Item(0, FileKind::kRaw, 9000000)};
  auto stacks = FindStacks(items, {});
  ASSERT_EQ(stacks.size(), 1u);
  EXPECT_EQ(stacks[0].kind, StackKind::kRawAndJpeg);
  EXPECT_EQ(stacks[0].members, (Indices{0, 2}));
  items[2].taken_ms = 3001;
  items[2].camera = 0;  // no burst either
  EXPECT_TRUE(FindStacks(items, {}).empty());
  items[2].taken_ms = kNoTime;
  EXPECT_EQ(FindStacks(items, {}).size(), 1u);
}

TEST(StacksTest, AStillAndItsFilm) {
  const std::vector<StackItem> items = {Item(5, FileKind::kFilm, kNoTime),
                                        Item(5, FileKind::kStill, 7000),
                                        Item(6, FileKind::kFilm, 1000000)};
  const auto stacks = FindStacks(items, {});
  ASSERT_EQ(stacks.size(), 1u);
  EXPECT_EQ(stacks[0].kind, StackKind::kLive);
  EXPECT_EQ(stacks[0].members, (Indices{0, 1}));
}

TEST(StacksTest, ABurstEndsWithAPauseAnotherCameraOrAnotherSight) {
  std::vector<StackItem> items;
  for (const int64_t at : {3000, 1000, 5001, 5400, 5600})
    items.push_back(Item(0, FileKind::kStill, at));
  auto stacks = FindStacks(items, {});
  ASSERT_EQ(stacks.size(), 2u);
  EXPECT_EQ(stacks[0].members, (Indices{1, 0}));  // by time
  EXPECT_EQ(stacks[1].members, (Indices{2, 3, 4}));
  EXPECT_EQ(stacks[1].kind, StackKind::kBurst);
  items[3].hash.words = {~uint64_t{0}, ~uint64_t{0}, 0, 0};  // 128 bits away
  EXPECT_EQ(FindStacks(items, {}).size(), 1u);
  items[3].hash = {};
  items[3].camera = 9;
  stacks = FindStacks(items, {});
  ASSERT_EQ(stacks.size(), 2u);
  EXPECT_EQ(stacks[1].members, (Indices{2, 4}));
}

TEST(StacksTest, EmbeddingsDecideWhereBothHaveThem) {
  std::vector<StackItem> items = {Item(0, FileKind::kStill, 1000), Item(0, FileKind::kStill, 1500)};
  const std::vector<uint16_t> far = {0x3c00, 0, 0, 0x3c00}, none = {0x3c00, 0, 0, 0};
  EXPECT_TRUE(FindStacks(items, {far.data(), 2, 2}).empty());
  EXPECT_EQ(FindStacks(items, {none.data(), 2, 2}).size(), 1u);
  items[1].hash.words[0] = ~uint64_t{0};
  items[1].hash.words[1] = ~uint64_t{0};
  const std::vector<uint16_t> near = {0x3c00, 0, 0x3c00, 0};
  EXPECT_EQ(FindStacks(items, {near.data(), 2, 2}).size(), 1u);
  EXPECT_TRUE(FindStacks(items, {none.data(), 2, 2}).empty());
}

TEST(StacksTest, ARawFileCountsForItsStillAndCopiesAreNoBurst) {
  std::vector<StackItem> items = {Item(1, FileKind::kStill, 1000), Item(1, FileKind::kRaw, 1000),
                                  Item(2, FileKind::kStill, 1000)};
  auto stacks = FindStacks(items, {});
  ASSERT_EQ(stacks.size(), 1u);
  EXPECT_EQ(stacks[0].kind, StackKind::kRawAndJpeg);
  items[2].taken_ms = 1200;
  stacks = FindStacks(items, {});
  ASSERT_EQ(stacks.size(), 2u);
  EXPECT_EQ(stacks[1].members, (Indices{0, 2}));
}

TEST(StacksTest, AbsurdClocksAreTaken) {
  const std::vector<StackItem> items = {Item(0, FileKind::kStill, INT64_MAX),
                                        Item(0, FileKind::kStill, INT64_MIN + 1),
                                        Item(0, FileKind::kStill, INT64_MAX - 5)};
  const auto stacks = FindStacks(items, {});
  ASSERT_EQ(stacks.size(), 1u);
  EXPECT_EQ(stacks[0].members, (Indices{2, 0}));
}

}  // namespace
}  // namespace peel::library

#include "src/library/duplicates/duplicate_groups.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "src/library/duplicates/links.h"
#include "src/library/duplicates/test_hash.h"

namespace peel::library {
namespace {

PdqHash Flipped(PdqHash hash, int first, int count) {
  for (int i = first; i < first + count; ++i) {
    hash.words[static_cast<size_t>(i) / 64] ^= uint64_t{1} << (i % 64);
  }
  return hash;
}

// Items whose hashes in every orientation and crop have nothing to do with each other.
class DuplicatesTest : public ::testing::Test {
 protected:
  size_t Add() {
    PdqHashes hashes;
    for (PdqHash& hash : hashes.orientations) hash = RandomHash(&random_);
    for (PdqHash& hash : hashes.crops) hash = RandomHash(&random_);
    hashes_.push_back(hashes);
    DuplicateItem item;
    item.hash_quality = 100;
    item.facts.width = 400;
    item.facts.height = 300;
    item.facts.bytes = 1000;
    items_.push_back(item);
    SetHash(items_.size() - 1, hashes.orientations[0]);
    return items_.size() - 1;
  }
  void SetHash(size_t i, const PdqHash& hash) {
    items_[i].hash = hash;
    hashes_[i].orientations[0] = hash;
  }
  std::vector<DuplicateGroup> Find(const HalfRows& embeddings = {}, ThreadPool* pool = nullptr) {
    auto groups = FindDuplicates(
        items_, [this](size_t i) -> Result<PdqHashes> { return hashes_[i]; }, embeddings, options_,
        pool);
    EXPECT_TRUE(groups.ok());
    return groups.ok() ? *std::move(groups) : std::vector<DuplicateGroup>();
  }
  static std::vector<size_t> Items(const DuplicateGroup& group) {
    std::vector<size_t> items;
    for (const GroupMember& member : group.members) items.push_back(member.item);
    std::sort(items.begin(), items.end());
    return items;
  }

  std::mt19937_64 random_{1};
  std::vector<DuplicateItem> items_;
  std::vector<PdqHashes> hashes_;
  DuplicateOptions options_;
};

using Indices = std::vector<size_t>;

TEST_F(DuplicatesTest, StrangersAreNoDuplicates) {
  for (int i = 0; i < 200; ++i) Add();
  EXPECT_TRUE(Find().empty());
  items_.clear();
  hashes_.clear();
  EXPECT_TRUE(Find().empty());
}

TEST_F(DuplicatesTest, TheSameBytesAreOneGroupAndStandForOneInTheNextTier) {
  for (int i = 0; i < 6; ++i) Add();
  for (const size_t i : {1u, 3u, 4u}) items_[i].content_hash = 99;
  SetHash(3, items_[1].hash);
  SetHash(4, items_[1].hash);
  SetHash(5, Flipped(items_[1].hash, 10, 20));
  items_[5].facts.width = 800;
  items_[5].facts.height = 600;
  const auto groups = Find();
  ASSERT_EQ(groups.size(), 2u);
  EXPECT_EQ(groups[0].tier, Tier::kExact);
  EXPECT_EQ(Items(groups[0]), (Indices{1, 3, 4}));
  EXPECT_EQ(groups[0].members[0].item, 1u);
  EXPECT_EQ(groups[0].members[0].reason, "the first of 3 with the same bytes");
  EXPECT_EQ(groups[1].tier, Tier::kSame);
  EXPECT_EQ(Items(groups[1]), (Indices{1, 5}));
  EXPECT_EQ(groups[1].members[0].item, 5u);
  EXPECT_EQ(groups[1].members[0].reason, "largest: 800×600, the next 400×300");
  // Equal hashes of files of another length are chance.
  items_[3].facts.bytes = 5;
  EXPECT_EQ(Items(Find()[0]), (Indices{1, 4}));
}

TEST_F(DuplicatesTest, AHashInAnyOrientationLinksUpToTheDistance) {
  for (int i = 0; i < 4; ++i) Add();
  options_.same_distance = 31;
  SetHash(1, Flipped(hashes_[0].orientations[5], 0, 31));
  SetHash(3, Flipped(hashes_[2].orientations[5], 0, 32));
  auto groups = Find();
  ASSERT_EQ(groups.size(), 1u);
  EXPECT_EQ(Items(groups[0]), (Indices{0, 1}));
  EXPECT_EQ(groups[0].members[1].distance, 31);
  options_.same_distance = 30;
  EXPECT_TRUE(Find().empty());
}

TEST_F(DuplicatesTest, AnotherShapeIsAnotherPicture) {
  for (int i = 0; i < 2; ++i) Add();
  SetHash(1, items_[0].hash);
  items_[1].facts.width = 380;  // a twentieth of it is cut off
  EXPECT_EQ(Find().size(), 1u);
  items_[1].facts.width = 360;
  EXPECT_TRUE(Find().empty());
  items_[1].facts.width = 0;  // not known
  EXPECT_EQ(Find().size(), 1u);
  // A quarter turn changes the sides; upside down does not.
  SetHash(1, hashes_[0].orientations[3]);
  items_[1].facts.width = 300;
  items_[1].facts.height = 400;
  EXPECT_EQ(Find().size(), 1u);
  SetHash(1, hashes_[0].orientations[2]);
  EXPECT_TRUE(Find().empty());
}

TEST_F(DuplicatesTest, AHashOfACropLinksUpToItsOwnDistance) {
  for (int i = 0; i < 2; ++i) Add();
  SetHash(1, Flipped(hashes_[0].crops[14], 5, 38));
  ASSERT_EQ(Find().size(), 1u);
  options_.crop_distance = 37;
  EXPECT_TRUE(Find().empty());
}

TEST_F(DuplicatesTest, WhatShowsTooLittleIsNotCompared) {
  for (int i = 0; i < 2; ++i) Add();
  SetHash(1, items_[0].hash);
  ASSERT_EQ(Find().size(), 1u);
  items_[1].hash_quality = 49;
  EXPECT_TRUE(Find().empty());
}

TEST_F(DuplicatesTest, ShotsAtOtherTimesOrByOtherCamerasAreNotOneCapture) {
  for (int i = 0; i < 2; ++i) Add();
  SetHash(1, items_[0].hash);
  items_[0].taken_ms = 5000;
  EXPECT_EQ(Find().size(), 1u);  // the other does not say
  items_[1].taken_ms = 5000;
  EXPECT_EQ(Find().size(), 1u);
  items_[1].taken_ms = 5250;
  EXPECT_EQ(Find().size(), 1u);  // the first one's fraction was dropped
  items_[0].taken_ms = 5500;
  EXPECT_TRUE(Find().empty());
  items_[0].taken_ms = 6000;
  EXPECT_TRUE(Find().empty());
  items_[0].taken_ms = items_[1].taken_ms;
  items_[0].camera = 1;
  EXPECT_EQ(Find().size(), 1u);
  items_[1].camera = 2;
  EXPECT_TRUE(Find().empty());
}

TEST_F(DuplicatesTest, AChainIsTakenApart) {
  // Each 25 from the next, the ends 125 apart.
  for (int i = 0; i < 6; ++i) Add();
  for (size_t i = 1; i < 6; ++i) {
    SetHash(i, Flipped(items_[i - 1].hash, static_cast<int>(i) * 25, 25));
  }
  const auto groups = Find();
  size_t members = 0;
  for (const DuplicateGroup& group : groups) {
    members += group.members.size();
    EXPECT_LE(group.members.size(), 3u);
    for (const GroupMember& member : group.members) EXPECT_LE(member.distance, 25);
  }
  EXPECT_LE(members, 6u);
  ASSERT_FALSE(groups.empty());
  EXPECT_EQ(Items(groups[0]), (Indices{0, 1, 2}));
}

TEST_F(DuplicatesTest, ManyThatAreEqualAreOneGroupAllTheSame) {
  for (int i = 0; i < 400; ++i) Add();
  for (size_t i = 1; i < 400; ++i) SetHash(i, items_[0].hash);
  const auto groups = Find();
  ASSERT_EQ(groups.size(), 1u);
  EXPECT_EQ(groups[0].members.size(), 400u);
}

TEST_F(DuplicatesTest, OfEqualFilesTheFirstThatHasItsFilm) {
  for (int i = 0; i < 3; ++i) {
    Add();
    items_[static_cast<size_t>(i)].content_hash = 99;
    items_[static_cast<size_t>(i)].hash_quality = 0;
  }
  EXPECT_EQ(Find()[0].members[0].item, 0u);
  items_[1].facts.has_film = items_[2].facts.has_film = true;
  const auto groups = Find();
  ASSERT_EQ(groups.size(), 1u);
  EXPECT_EQ(groups[0].members[0].item, 1u);
  EXPECT_EQ(groups[0].members[0].reason, "the first with its film of 3 with the same bytes");
}

TEST_F(DuplicatesTest, LookAlikesByTheirEmbeddings) {
  for (int i = 0; i < 4; ++i) Add();
  std::vector<uint16_t> rows;
  for (const std::vector<float>& v :
       {std::vector<float>{1, 0, 0}, {0.95f, 0.3f, 0}, {0, 0, 1}, {0, 0, 0}}) {
    const auto half = ToHalfRow(v);
    rows.insert(rows.end(), half.begin(), half.end());
  }
  const HalfRows view = {rows.data(), 4, 3};
  items_[0].facts.sharpness = 0.4f;
  items_[1].facts.sharpness = 0.9f;
  items_[1].facts.faces = 2;
  const auto groups = Find(view);
  ASSERT_EQ(groups.size(), 1u);
  EXPECT_EQ(groups[0].tier, Tier::kSimilar);
  EXPECT_EQ(Items(groups[0]), (Indices{0, 1}));
  EXPECT_EQ(groups[0].members[0].item, 1u);
  EXPECT_EQ(groups[0].members[0].reason,
            "sharpest of 2: 0.90, the next 0.40; whether eyes are open is not judged");
  EXPECT_NEAR(groups[0].members[1].distance, 1 - 0.95 / std::hypot(0.95, 0.3), 2e-3);
  options_.similar_cosine = 0.97f;
  EXPECT_TRUE(Find(view).empty());
  // One capture's copies are not told again as look-alikes.
  options_.similar_cosine = 0.9f;
  SetHash(1, items_[0].hash);
  const auto same = Find(view);
  ASSERT_EQ(same.size(), 1u);
  EXPECT_EQ(same[0].tier, Tier::kSame);
}

TEST_F(DuplicatesTest, TheSameForEveryPool) {
  for (int i = 0; i < 300; ++i) Add();
  for (size_t i = 0; i + 3 < 300; i += 3)
    SetHash(i + 3, Flipped(items_[i].hash, 0, static_cast<int>(i % 29)));
  ThreadPool pool(3);
  const auto one = Find(), other = Find({}, &pool);
  ASSERT_EQ(one.size(), other.size());
  ASSERT_FALSE(one.empty());
  for (size_t g = 0; g < one.size(); ++g) EXPECT_EQ(Items(one[g]), Items(other[g]));
}

TEST_F(DuplicatesTest, WhatHashesOfSaysIsPassedOn) {
  for (int i = 0; i < 2; ++i) Add();
  const auto groups = FindDuplicates(
      items_, [](size_t) -> Result<PdqHashes> { return IoError("the disk is gone"); }, {},
      options_);
  EXPECT_EQ(groups.status().message(), "the disk is gone");
}

TEST(LinksTest, StarsByTheirLinks) {
  // 1 has three links, 4 and 5 each other and 3; a pair is told twice, at two distances.
  const std::vector<Link> links = {{0, 1, 5}, {1, 0, 3}, {2, 1, 1}, {3, 1, 9},
                                   {3, 4, 2}, {4, 5, 2}, {6, 6, 0}};
  const std::vector<Star> stars = TakeStars(links, 8);
  ASSERT_EQ(stars.size(), 2u);
  EXPECT_EQ(stars[0].centre, 1u);
  ASSERT_EQ(stars[0].rays.size(), 3u);
  EXPECT_EQ(stars[0].rays[0].b, 2u);
  EXPECT_EQ(stars[0].rays[1].b, 0u);
  EXPECT_EQ(stars[0].rays[1].distance, 3);
  EXPECT_EQ(stars[1].centre, 4u);
  ASSERT_EQ(stars[1].rays.size(), 1u);
  EXPECT_EQ(stars[1].rays[0].b, 5u);
}

}  // namespace
}  // namespace peel::library

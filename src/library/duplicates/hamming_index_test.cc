#include "src/library/duplicates/hamming_index.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "src/library/duplicates/test_hash.h"

namespace peel::library {
namespace {

PdqHash WithFlips(PdqHash hash, int flips, std::mt19937_64* random) {
  std::vector<int> bits(256);
  for (int i = 0; i < 256; ++i) bits[static_cast<size_t>(i)] = i;
  std::shuffle(bits.begin(), bits.end(), *random);
  for (int i = 0; i < flips; ++i) {
    const auto bit = static_cast<size_t>(bits[static_cast<size_t>(i)]);
    hash.words[bit / 64] ^= uint64_t{1} << (bit % 64);
  }
  return hash;
}

// Clusters of every distance up to 63 about a few hashes, among many that are near to none.
std::vector<PdqHash> Library(std::mt19937_64* random) {
  std::vector<PdqHash> hashes;
  for (int cluster = 0; cluster < 12; ++cluster) {
    const PdqHash centre = RandomHash(random);
    for (int flips = 0; flips < 64; ++flips) hashes.push_back(WithFlips(centre, flips, random));
  }
  for (int i = 0; i < 3000; ++i) hashes.push_back(RandomHash(random));
  std::shuffle(hashes.begin(), hashes.end(), *random);
  return hashes;
}

std::vector<HammingIndex::Match> BruteForce(const std::vector<PdqHash>& hashes,
                                            const PdqHash& query, int radius) {
  std::vector<HammingIndex::Match> matches;
  for (size_t row = 0; row < hashes.size(); ++row) {
    const int distance = HammingDistance(hashes[row], query);
    if (distance <= radius) matches.push_back({static_cast<uint32_t>(row), distance});
  }
  return matches;
}

TEST(HammingIndexTest, FindsWhatLookingAtAllFinds) {
  std::mt19937_64 random(1);
  const std::vector<PdqHash> hashes = Library(&random);
  const auto index = HammingIndex::Build(hashes);
  ASSERT_TRUE(index.ok());
  for (const int radius : {0, 1, 15, 16, 31, 32, 47, 63}) {
    size_t found = 0;
    for (size_t row = 0; row<hashes.size(); row += radius> 40 ? 150 : 20) {
      std::vector<HammingIndex::Match> matches;
      index->Search(hashes[row], radius, &matches);
      ASSERT_EQ(matches, BruteForce(hashes, hashes[row], radius)) << radius << ": " << row;
      found += matches.size();
    }
    EXPECT_GT(found, 5u) << radius;
  }
}

TEST(HammingIndexTest, FewerBitsAPartMissLittle) {
  std::mt19937_64 random(2);
  std::vector<PdqHash> hashes;
  for (int i = 0; i < 500; ++i) hashes.push_back(RandomHash(&random));
  const auto index = HammingIndex::Build(hashes);
  ASSERT_TRUE(index.ok());
  int found = 0;
  for (const PdqHash& hash : hashes) {
    std::vector<HammingIndex::Match> matches;
    index->Search(WithFlips(hash, 40, &random), 40, 1, &matches);
    found += static_cast<int>(matches.size());
  }
  EXPECT_GE(found, 485);  // 99.5 % expected
  EXPECT_LE(found, 500);
}

TEST(HammingIndexTest, AppendsAndTakesNothingAtAll) {
  const auto empty = HammingIndex::Build({});
  ASSERT_TRUE(empty.ok());
  std::vector<HammingIndex::Match> matches = {{7, 7}};
  empty->Search(PdqHash(), 31, &matches);
  EXPECT_EQ(matches.size(), 1u);
  const std::vector<PdqHash> same(3);
  const auto index = HammingIndex::Build(same);
  ASSERT_TRUE(index.ok());
  index->Search(PdqHash(), 0, &matches);
  EXPECT_EQ(matches, (std::vector<HammingIndex::Match>{{7, 7}, {0, 0}, {1, 0}, {2, 0}}));
}

}  // namespace
}  // namespace peel::library

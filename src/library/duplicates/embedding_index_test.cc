#include "src/library/duplicates/embedding_index.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

namespace peel::library {
namespace {

constexpr size_t kDimensions = 64;

// Pictures in pairs at a cosine of about 0.93, the pairs about 300 centres.
std::vector<uint16_t> MadeRows(size_t count) {
  std::mt19937_64 random(5);
  std::normal_distribution<float> normal;
  const auto vector = [&] {
    std::vector<float> v(kDimensions);
    for (float& x : v) x = normal(random);
    return v;
  };
  std::vector<std::vector<float>> centres;
  for (int i = 0; i < 300; ++i) centres.push_back(vector());
  std::vector<uint16_t> rows;
  for (size_t i = 0; i < count; i += 2) {
    const std::vector<float>& centre = centres[random() % centres.size()];
    std::vector<float> one = vector(), other;
    for (size_t d = 0; d < kDimensions; ++d) one[d] = centre[d] + 0.8f * one[d];
    for (const float v : one) other.push_back(v + 0.48f * normal(random));
    for (const auto& v : {one, other}) {
      const std::vector<uint16_t> half = ToHalfRow(v);
      rows.insert(rows.end(), half.begin(), half.end());
    }
  }
  return rows;
}

std::vector<size_t> Rows(const std::vector<CosineMatch>& matches) {
  std::vector<size_t> rows;
  for (const CosineMatch& match : matches) rows.push_back(match.row);
  return rows;
}

TEST(EmbeddingIndexTest, MissesNothingWhereThereAreFew) {
  const std::vector<uint16_t> rows = MadeRows(1000);
  const HalfRows view = {rows.data(), 1000, kDimensions};
  const auto index = EmbeddingIndex::Build(view);
  ASSERT_TRUE(index.ok());
  EXPECT_EQ(index->lists(), 1u);
  for (size_t i = 0; i < 1000; i += 50) {
    const std::vector<float> query = FromHalfRow({view.row(i), kDimensions});
    std::vector<CosineMatch> matches;
    index->Search(query, 0.8f, &matches);
    std::vector<size_t> expected;
    for (size_t j = 0; j < 1000; ++j) {
      const auto one = CosineScan({view.row(j), 1, kDimensions}, query, 1, 0.8f);
      if (!one->empty()) expected.push_back(j);
    }
    EXPECT_EQ(Rows(matches), expected);
  }
}

TEST(EmbeddingIndexTest, FindsNearlyAllOfManyInALittleOfThem) {
  constexpr size_t kRows = 20000;
  const std::vector<uint16_t> rows = MadeRows(kRows);
  const HalfRows view = {rows.data(), kRows, kDimensions};
  ThreadPool pool(2);
  const auto index = EmbeddingIndex::Build(view, &pool);
  ASSERT_TRUE(index.ok());
  EXPECT_GE(index->lists(), 100u);
  size_t expected = 0, found = 0;
  for (size_t i = 0; i < kRows; i += 101) {
    const std::vector<float> query = FromHalfRow({view.row(i), kDimensions});
    const auto all = CosineScan(view, query, kRows, 0.9f);
    std::vector<CosineMatch> matches;
    index->Search(query, 0.9f, &matches);
    expected += all->size();
    found += matches.size();
    EXPECT_LE(matches.size(), all->size());
  }
  EXPECT_GT(expected, 250u);
  EXPECT_GE(static_cast<double>(found), 0.98 * static_cast<double>(expected));
}

TEST(EmbeddingIndexTest, TheSameForEveryPool) {
  constexpr size_t kRows = 9000;
  const std::vector<uint16_t> rows = MadeRows(kRows);
  const HalfRows view = {rows.data(), kRows, kDimensions};
  ThreadPool pool(3);
  const auto one = EmbeddingIndex::Build(view), other = EmbeddingIndex::Build(view, &pool);
  ASSERT_TRUE(one.ok() && other.ok());
  for (size_t i = 0; i < kRows; i += 500) {
    const std::vector<float> query = FromHalfRow({view.row(i), kDimensions});
    std::vector<CosineMatch> a, b;
    one->Search(query, 0.5f, &a, 2);
    other->Search(query, 0.5f, &b, 2);
    EXPECT_EQ(Rows(a), Rows(b));
  }
}

TEST(EmbeddingIndexTest, RowsOfZerosAndNoRowsAreNeverFound) {
  const std::vector<uint16_t> zeros(kDimensions * 3, 0);
  const auto index = EmbeddingIndex::Build({zeros.data(), 3, kDimensions});
  const auto empty = EmbeddingIndex::Build({});
  ASSERT_TRUE(index.ok() && empty.ok());
  std::vector<CosineMatch> matches;
  index->Search(std::vector<float>(kDimensions, 0.125f), 0.1f, &matches);
  empty->Search({}, 0.1f, &matches);
  EXPECT_TRUE(matches.empty());
}

}  // namespace
}  // namespace peel::library

#include "src/library/duplicates/cosine_scan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "src/image/test_pixels.h"
#include "src/library/duplicates/cosine_kernels.h"

namespace peel::library {
namespace {

std::vector<uint16_t> RandomRows(size_t count, size_t dimensions, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<uint16_t> rows;
  std::vector<float> row(dimensions);
  for (size_t i = 0; i < count; ++i) {
    for (float& v : row) v = static_cast<float>(static_cast<double>(random() >> 11) * 0x1p-52 - 1);
    const std::vector<uint16_t> half = ToHalfRow(row);
    rows.insert(rows.end(), half.begin(), half.end());
  }
  return rows;
}

// As the header says: 32 sums, then pair by pair.
float Plain(const std::vector<float>& query, std::span<const uint16_t> row) {
  const std::vector<float> values = FromHalfRow(row);
  float sums[32] = {};
  for (size_t k = 0; k < values.size(); ++k) {
    const volatile float product = query[k] * values[k];
    sums[k % 32] += product;
  }
  for (size_t n = 16; n > 0; n /= 2) {
    for (size_t i = 0; i < n; ++i) sums[i] += sums[i + n];
  }
  return sums[0];
}

TEST(CosineKernelsTest, TheSameBitsOnEveryTarget) {
  for (const size_t dimensions : {1u, 7u, 31u, 32u, 33u, 64u, 100u, 512u, 1280u}) {
    std::vector<uint16_t> rows = RandomRows(5, dimensions, dimensions);
    rows[0] = 0x0001;  // the least above zero
    const std::vector<float> query = FromHalfRow({rows.data() + dimensions, dimensions});
    testing::ForEveryTarget([&](const std::string& target) {
      float scores[5];
      HalfDotProducts(query.data(), rows.data(), 5, dimensions, scores);
      for (size_t i = 0; i < 5; ++i) {
        ASSERT_EQ(scores[i], Plain(query, {rows.data() + i * dimensions, dimensions}))
            << target << " " << dimensions;
      }
    });
  }
}

TEST(HalfTest, EveryHalfIsItselfAgain) {
  for (uint32_t half = 0; half < 0x7c00; ++half) {
    const auto bits = static_cast<uint16_t>(half);
    const float value = FromHalfRow(std::span(&bits, 1))[0];
    EXPECT_EQ(std::ldexp(half < 0x400 ? half & 0x3ff : (half & 0x3ff) | 0x400,
                         static_cast<int>(std::max(half >> 10, 1u)) - 25),
              value);
  }
}

TEST(HalfTest, RoundsToTheNearestAndScalesToLengthOne) {
  const std::vector<float> in = {3, -4, 0, 1e-6f};
  const std::vector<uint16_t> row = ToHalfRow(in);
  const std::vector<float> out = FromHalfRow(row);
  EXPECT_NEAR(out[0], 0.6, 0.6 / 2048);
  EXPECT_NEAR(out[1], -0.8, 0.8 / 2048);
  EXPECT_EQ(out[2], 0);
  EXPECT_NEAR(out[3], 2e-7, 3e-8);  // in steps of 2^-24
  EXPECT_EQ(ToHalfRow(std::vector<float>(3, 0.0f)), std::vector<uint16_t>(3, 0));
  std::mt19937 random(4);
  for (int i = 0; i < 2000; ++i) {
    const float v = static_cast<float>(random() % 20000) / 20000;
    const float w = std::sqrt(1 - v * v);
    const std::vector<float> back = FromHalfRow(ToHalfRow(std::vector<float>{v, w}));
    EXPECT_LE(std::abs(back[0] - v), std::max(v * 0x1p-11f, 0x1p-25f) * 1.001f);
  }
}

TEST(CosineScanTest, TheBestInOrderWhateverThePool) {
  constexpr size_t kRows = 9000, kDimensions = 48;
  std::vector<uint16_t> rows = RandomRows(kRows, kDimensions, 3);
  // Two that are equal: the first one first.
  std::copy_n(rows.begin() + 100 * kDimensions, kDimensions, rows.begin() + 8000 * kDimensions);
  const HalfRows view = {rows.data(), kRows, kDimensions};
  const std::vector<float> query = FromHalfRow({view.row(100), kDimensions});
  std::vector<CosineMatch> all;
  for (size_t i = 0; i < kRows; ++i) all.push_back({i, Plain(query, {view.row(i), kDimensions})});
  std::stable_sort(all.begin(), all.end(),
                   [](const CosineMatch& a, const CosineMatch& b) { return a.cosine > b.cosine; });
  for (const int threads : {0, 1, 3}) {
    ThreadPool pool(std::max(threads, 1));
    const auto matches = CosineScan(view, query, 50, -1, threads == 0 ? nullptr : &pool);
    ASSERT_TRUE(matches.ok());
    ASSERT_EQ(matches->size(), 50u);
    for (size_t i = 0; i < 50; ++i) {
      EXPECT_EQ((*matches)[i].row, all[i].row);
      EXPECT_EQ((*matches)[i].cosine, all[i].cosine);
    }
    EXPECT_EQ((*matches)[0].row, 100u);
    EXPECT_EQ((*matches)[1].row, 8000u);
  }
  const auto above = CosineScan(view, query, 50, 0.9f);
  ASSERT_TRUE(above.ok());
  EXPECT_EQ(above->size(), 2u);
  EXPECT_TRUE(CosineScan(view, query, 0, -1)->empty());
}

TEST(CosineScanTest, AnotherModelsEmbeddingIsRefused) {
  const std::vector<uint16_t> rows = RandomRows(2, 16, 1);
  const auto matches = CosineScan({rows.data(), 2, 16}, std::vector<float>(8, 0.1f), 5, 0);
  EXPECT_EQ(matches.status().code(), StatusCode::kInvalidArgument);
  EXPECT_NE(matches.status().message().find("another model"), std::string::npos);
}

}  // namespace
}  // namespace peel::library

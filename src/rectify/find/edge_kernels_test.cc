#include "src/rectify/find/edge_kernels.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "src/image/test_pixels.h"

namespace peel {
namespace {

// A length that no vector divides.
constexpr size_t kWidth = 131;

template <typename T>
std::vector<T> Random(size_t n, int low, int high, uint32_t seed) {
  std::mt19937 dice(seed);
  std::vector<T> values(n);
  for (T& v : values) v = static_cast<T>(std::uniform_int_distribution<int>(low, high)(dice));
  return values;
}

TEST(EdgeKernelsTest, FiltersAreBinomialAlongAndTheirDifferenceAcross) {
  const auto padded = Random<int16_t>(kWidth + 4, -2047, 2047, 1);
  testing::ForEveryTarget([&](const std::string& target) {
    std::vector<int16_t> smooth(kWidth), slope(kWidth);
    edges::FilterRow(padded.data(), kWidth, smooth.data(), slope.data());
    for (size_t x = 0; x < kWidth; ++x) {
      const int16_t* p = padded.data() + x;
      ASSERT_EQ(smooth[x], p[0] + 4 * p[1] + 6 * p[2] + 4 * p[3] + p[4]) << target << " " << x;
      ASSERT_EQ(slope[x], p[4] - p[0] + 2 * (p[3] - p[1])) << target << " " << x;
    }
  });
}

TEST(EdgeKernelsTest, OfTwoPlanesTheSteeperCounts) {
  const auto smooth = Random<int16_t>(10 * kWidth, -32000, 32000, 2);
  const auto slope = Random<int16_t>(10 * kWidth, -12000, 12000, 3);
  testing::ForEveryTarget([&](const std::string& target) {
    std::vector<int16_t> gx(kWidth), gy(kWidth);
    std::vector<int32_t> square(kWidth);
    std::vector<uint16_t> length(kWidth);
    for (size_t plane = 0; plane < 2; ++plane) {
      edges::TakeSteeper(smooth.data() + plane * 5 * kWidth, slope.data() + plane * 5 * kWidth,
                         kWidth, plane == 0, gx.data(), gy.data(), square.data());
    }
    edges::Lengths(square.data(), kWidth, length.data());
    size_t of_second = 0;
    for (size_t i = 0; i < kWidth; ++i) {
      int best_x = 0, best_y = 0, best = -1;
      for (size_t plane = 0; plane < 2; ++plane) {
        const int16_t* s = smooth.data() + plane * 5 * kWidth + i;
        const int16_t* d = slope.data() + plane * 5 * kWidth + i;
        const int x =
            (d[0] + 4 * d[kWidth] + 6 * d[2 * kWidth] + 4 * d[3 * kWidth] + d[4 * kWidth]) >> 4;
        const int y = (s[4 * kWidth] - s[0] + 2 * (s[3 * kWidth] - s[kWidth])) >> 4;
        if (x * x + y * y <= best) continue;
        best = x * x + y * y, best_x = x, best_y = y;
        of_second += plane;
      }
      ASSERT_EQ(gx[i], best_x) << target << " " << i;
      ASSERT_EQ(gy[i], best_y) << target << " " << i;
      ASSERT_EQ(square[i], best) << target << " " << i;
      ASSERT_EQ(length[i], static_cast<uint16_t>(std::sqrt(static_cast<float>(best)))) << target;
    }
    EXPECT_GT(of_second, kWidth / 4);
    EXPECT_LT(of_second, kWidth * 3 / 4);
  });
}

// As the header says, pixel by pixel.
bool IsMaximum(const uint16_t* m, ptrdiff_t stride, int gx, int gy) {
  const int ax = std::abs(gx), ay = std::abs(gy);
  ptrdiff_t step = 0;
  if (5 * ay < 2 * ax) {
    step = 1;
  } else if (5 * ax < 2 * ay) {
    step = stride;
  } else {
    step = (gx > 0) == (gy > 0) ? stride + 1 : stride - 1;
  }
  return m[0] > m[-step] && m[0] >= m[step];
}

TEST(EdgeKernelsTest, MaximaAreMarkedAlongTheGradient) {
  constexpr ptrdiff_t kStride = 160;
  constexpr int kNoise = 40;
  // Few lengths, so that neighbours are often equal; gradients up to the largest that fit.
  const auto lengths = Random<uint16_t>(3 * kStride, 38, 46, 4);
  auto gx = Random<int16_t>(kWidth, -12240, 12240, 5);
  auto gy = Random<int16_t>(kWidth, -12240, 12240, 6);
  for (size_t i = 0; i < kWidth; i += 7) gx[i] = 0;
  for (size_t i = 3; i < kWidth; i += 7) gy[i] = 0;
  const uint16_t* row = lengths.data() + kStride;
  testing::ForEveryTarget([&](const std::string& target) {
    std::vector<uint8_t> marks(kWidth, 77);
    edges::MarkMaxima(row, kStride, gx.data(), gy.data(), kNoise, 2, kWidth - 2, marks.data());
    int found = 0;
    for (size_t i = 2; i < kWidth - 2; ++i) {
      const bool expected = row[i] > kNoise && IsMaximum(row + i, kStride, gx[i], gy[i]);
      ASSERT_EQ(marks[i], expected ? 1 : 0) << target << " " << i;
      found += expected;
    }
    EXPECT_GT(found, 10);
    for (const size_t i : {size_t{0}, size_t{1}, kWidth - 2, kWidth - 1}) EXPECT_EQ(marks[i], 77);
  });
}

}  // namespace
}  // namespace peel

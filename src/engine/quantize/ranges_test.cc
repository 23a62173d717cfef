#include "src/engine/quantize/ranges.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace peel::engine {
namespace {

std::vector<float> Normal(size_t count, float deviation, bool relu, uint32_t seed = 1) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0, deviation);
  std::vector<float> values(count);
  for (float& v : values) {
    v = normal(random);
    if (relu) v = std::max(v, 0.0f);
  }
  return values;
}

TEST(Histogram, GrowsWithoutLosingCounts) {
  Histogram whole, parts;
  const std::vector<float> values = Normal(20000, 3.0f, false);
  EXPECT_TRUE(whole.Add(values));
  for (size_t i = 0; i < values.size(); i += 100) EXPECT_TRUE(parts.Add({&values[i], 100}));
  EXPECT_EQ(whole.count(), values.size());
  EXPECT_EQ(whole.bin_width(), parts.bin_width());
  for (int i = 0; i < Histogram::kBins; ++i) ASSERT_EQ(whole.bin(i), parts.bin(i)) << i;
  EXPECT_EQ(whole.min(), *std::min_element(values.begin(), values.end()));
  EXPECT_EQ(whole.max(), *std::max_element(values.begin(), values.end()));
}

TEST(Histogram, ZerosAndQuantiles) {
  Histogram h;
  EXPECT_TRUE(h.Add(std::vector<float>{0, -0.0f, 0, 1, 2, 4, 8, -1, -2, -4}));
  EXPECT_EQ(h.zeros(), 3u);
  EXPECT_EQ(h.count(), 10u);
  EXPECT_EQ(h.Quantile(0.5), 0);
  EXPECT_EQ(h.Quantile(1), 8);
  EXPECT_NEAR(h.Quantile(0.05), -4, h.bin_width());
  EXPECT_NEAR(h.Quantile(0.7), 1, h.bin_width());
  EXPECT_FALSE(h.Add(std::vector<float>{1, std::numeric_limits<float>::quiet_NaN()}));
  EXPECT_FALSE(h.Add(std::vector<float>{std::numeric_limits<float>::infinity()}));
}

TEST(CodeForRange, HoldsZeroExactly) {
  for (const auto& [low, high] : {std::pair{-1.0, 3.0}, {0.0, 5.0}, {-2.0, 0.0}, {1.0, 2.0}}) {
    const ActivationCode code = CodeForRange(low, high);
    EXPECT_GE(code.zero_point, 0);
    EXPECT_LE(code.zero_point, 255);
    EXPECT_NEAR(code.scale * static_cast<float>(255 - code.zero_point), std::max(high, 0.0),
                code.scale);
    EXPECT_NEAR(-code.scale * static_cast<float>(code.zero_point), std::min(low, 0.0), code.scale);
  }
  EXPECT_EQ(CodeForRange(0, 0), ActivationCode());
}

TEST(ChooseCode, NeverNegativeMeansNoZeroPoint) {
  Histogram h;
  ASSERT_TRUE(h.Add(Normal(100000, 1, true)));
  for (const RangeMethod method :
       {RangeMethod::kMinMax, RangeMethod::kPercentile, RangeMethod::kMse, RangeMethod::kEntropy}) {
    EXPECT_EQ(ChooseCode(h, method).zero_point, 0) << RangeMethodName(method);
  }
}

TEST(ChooseCode, OneOutlierDoesNotSetTheRange) {
  for (const bool relu : {true, false}) {
    Histogram h;
    std::vector<float> values = Normal(1000000, 1, relu);
    values[7] = 30;
    ASSERT_TRUE(h.Add(values));
    const ActivationCode whole = ChooseCode(h, RangeMethod::kMinMax);
    for (const RangeMethod method :
         {RangeMethod::kPercentile, RangeMethod::kMse, RangeMethod::kEntropy}) {
      EXPECT_LT(ChooseCode(h, method).scale, whole.scale * 0.8f) << RangeMethodName(method);
    }
    EXPECT_LT(MeanSquareError(h, ChooseCode(h, RangeMethod::kMse)), MeanSquareError(h, whole));
  }
}

TEST(ChooseCode, MseIsTheSmallestOfAll) {
  for (const bool relu : {true, false}) {
    Histogram h;
    std::vector<float> values = Normal(200000, 1, relu, 3);
    for (float& v : values) v = v * v * v;  // heavy tails
    ASSERT_TRUE(h.Add(values));
    const double best = MeanSquareError(h, ChooseCode(h, RangeMethod::kMse));
    for (const RangeMethod method :
         {RangeMethod::kMinMax, RangeMethod::kPercentile, RangeMethod::kEntropy}) {
      EXPECT_LE(best, MeanSquareError(h, ChooseCode(h, method)) * 1.001) << RangeMethodName(method);
    }
  }
}

TEST(ParseRangeMethod, NamesAndRefusal) {
  EXPECT_EQ(*ParseRangeMethod("entropy"), RangeMethod::kEntropy);
  EXPECT_NE(ParseRangeMethod("best").status().message().find("mse"), std::string::npos);
}

}  // namespace
}  // namespace peel::engine

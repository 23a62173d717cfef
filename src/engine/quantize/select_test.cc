#include "src/engine/quantize/select.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <vector>

namespace peel::engine {
namespace {

// A model whose parts' errors are independent: their squares add up.
Trial Independent(std::vector<double> errors) {
  return [errors = std::move(errors)](std::span<const char> chosen, int) -> Result<MaskError> {
    double sum = 0;
    for (size_t i = 0; i < errors.size(); ++i) sum += chosen[i] ? errors[i] * errors[i] : 0;
    MaskError error;
    error.mean_difference = std::sqrt(sum);
    return error;
  };
}

Selection Select(const std::vector<double>& worth, const std::vector<double>& errors,
                 std::vector<char> fixed = {}) {
  fixed.resize(worth.size());
  Tolerance tolerance;
  tolerance.mean_difference = 1;
  return *SelectParts(worth, fixed, tolerance, 2, Independent(errors), nullptr);
}

TEST(SelectParts, AllAtOnceWhereTheyFit) {
  const Selection s = Select({1, 1, 1}, {0.3, 0.3, 0.3});
  EXPECT_EQ(s.chosen, (std::vector<char>{1, 1, 1}));
  EXPECT_EQ(s.trials, 1);
  EXPECT_TRUE(s.used.empty());
}

TEST(SelectParts, TheSensitiveOneStaysWide) {
  const Selection s = Select({1, 1, 1, 1}, {0.1, 5, 0.1, 0.1});
  EXPECT_EQ(s.chosen, (std::vector<char>{1, 0, 1, 1}));
  EXPECT_LE(s.error.mean_difference, 1);
  EXPECT_NEAR(s.used[1], 5, 1e-9);
}

TEST(SelectParts, WorkCountsAndTheToleranceHolds) {
  std::vector<double> worth, errors;
  for (int i = 0; i < 60; ++i) {
    worth.push_back(1 + (i * 37) % 50);
    errors.push_back(0.02 * (1 + (i * 53) % 40));
  }
  const Selection s = Select(worth, errors);
  double sum = 0, work = 0;
  for (size_t i = 0; i < worth.size(); ++i) {
    if (!s.chosen[i]) continue;
    sum += errors[i] * errors[i];
    work += worth[i];
  }
  EXPECT_LE(std::sqrt(sum), 1);
  EXPECT_NEAR(s.error.mean_difference, std::sqrt(sum), 1e-9);
  EXPECT_GT(work, 0.4 * std::accumulate(worth.begin(), worth.end(), 0.0));
}

TEST(SelectParts, WhatIsFixedOrWorthNothingIsNeverTouched) {
  const Selection s = Select({1, 0, 1}, {0.1, 0.1, 0.1}, {0, 0, 1});
  EXPECT_EQ(s.chosen, (std::vector<char>{1, 0, 0}));
  EXPECT_EQ(Select({}, {}).trials, 0);
}

TEST(SelectParts, NothingFits) {
  const Selection s = Select({1, 1}, {3, 4});
  EXPECT_EQ(s.chosen, (std::vector<char>{0, 0}));
  EXPECT_EQ(s.error.mean_difference, 0);
}

TEST(SelectParts, AFailedTrialIsReported) {
  const Trial fails = [](std::span<const char>, int) -> Result<MaskError> {
    return OutOfMemory("too little");
  };
  const std::vector<double> worth = {1};
  const std::vector<char> fixed = {0};
  EXPECT_EQ(SelectParts(worth, fixed, {}, 1, fails, nullptr).status().code(),
            StatusCode::kOutOfMemory);
}

TEST(Tolerance, EitherMeasureCounts) {
  Tolerance tolerance;
  MaskError error;
  EXPECT_EQ(tolerance.Used(error), 0);
  error.mean_difference = 0.002;
  EXPECT_NEAR(tolerance.Used(error), 0.5, 1e-9);
  error.iou = 0.99;
  EXPECT_NEAR(tolerance.Used(error), 2, 1e-9);
  error.mean_difference = std::nan("");
  EXPECT_FALSE(tolerance.Holds(error));
}

}  // namespace
}  // namespace peel::engine

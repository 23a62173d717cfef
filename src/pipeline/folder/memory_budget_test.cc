#include "src/pipeline/folder/memory_budget.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

namespace peel {
namespace {

TEST(MemoryBudget, AdmitsWhatFitsAndALargeOneAlone) {
  MemoryBudget budget(100);
  budget.Acquire(60);
  budget.Acquire(40);
  std::atomic<bool> admitted{false};
  std::thread large([&] {
    budget.Acquire(500);
    admitted = true;
  });
  budget.Release(60);
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  EXPECT_FALSE(admitted) << "something else is at hand still";
  budget.Release(40);
  large.join();
  budget.Release(500);
  EXPECT_EQ(budget.peak(), 500u);
}

TEST(MemoryBudget, WithoutALimitNothingWaits) {
  MemoryBudget budget(0);
  budget.Acquire(uint64_t{1} << 60);
  budget.Acquire(uint64_t{1} << 60);
  EXPECT_EQ(budget.peak(), uint64_t{1} << 61);
}

TEST(EstimateMemory, GrowsWithThePictureAndItsOptions) {
  const PictureInfo info = {.format = Format::kJpeg, .width = 4000, .height = 3000};
  const uint64_t png = EstimateMemory(info, 1000, {});
  EXPECT_GT(png, uint64_t{12'000'000} * 13);
  EXPECT_GT(EstimateMemory(info, 1000, {.encode = {.format = Format::kWebp}}), png);
  EXPECT_LT(EstimateMemory(info, 1000, {.compose = {.mask_only = true}}), png);
  EXPECT_LT(EstimateMemory(info, 1000, {.decode = {.max_size = 1000}}), png / 2);
  EXPECT_EQ(EstimateMemory(info, 5000, {}), png + 4000);
  // What a decode helper shares with this process comes on top.
  const PictureInfo tiff = {.format = Format::kTiff, .width = 4000, .height = 3000};
  EXPECT_GE(EstimateMemory(tiff, 1000, {.decode = {.decoder = &InProcessDecoder()}}),
            EstimateMemory(tiff, 1000, {}) + uint64_t{12'000'000} * 4);
  EXPECT_EQ(EstimateMemory(info, 1000, {.decode = {.decoder = &InProcessDecoder()}}), png);
  const PictureInfo moving = {.format = Format::kGif, .width = 4000, .height = 3000, .frames = 500};
  EXPECT_GT(EstimateMemory(moving, 1000, {.decode = {.animate = true}}),
            EstimateMemory(moving, 1000, {}));
  // What a lying header says is bounded by the limit on pixels.
  const PictureInfo huge = {.format = Format::kPng, .width = 0x7FFFFFFF, .height = 0x7FFFFFFF};
  EXPECT_LT(EstimateMemory(huge, 100, {}), uint64_t{250'000'000} * 20 + (uint64_t{64} << 20));
}

}  // namespace
}  // namespace peel

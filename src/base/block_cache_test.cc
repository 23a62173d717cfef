#include "src/base/block_cache.h"

#include <gtest/gtest.h>

#include <cstring>
#include <thread>
#include <vector>

namespace peel {
namespace {

constexpr size_t kMiB = size_t{1} << 20;

TEST(BlockCache, GivesAgainWhatFits) {
  BlockCache spare(64 * kMiB);
  const auto first = spare.Take(10 * kMiB);
  ASSERT_NE(first.data, nullptr);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(first.data) % 64, 0u);
  spare.Give(first);
  EXPECT_EQ(spare.waiting(), 10 * kMiB);
  const auto second = spare.Take(9 * kMiB + 1);
  EXPECT_EQ(second.data, first.data);
  EXPECT_EQ(spare.waiting(), 0u);
  spare.Give(second);
  const auto small = spare.Take(2 * kMiB);  // would waste four fifths of it
  EXPECT_NE(small.data, first.data);
  spare.Give(small);
}

TEST(BlockCache, NeverMoreThanWasOnceInUse) {
  BlockCache spare(1024 * kMiB);
  spare.Give(spare.Take(40 * kMiB));
  EXPECT_EQ(spare.waiting(), 40 * kMiB);
  const auto other = spare.Take(100 * kMiB);  // nothing fits: what waits makes room
  EXPECT_EQ(spare.waiting(), 0u);
  const auto beside = spare.Take(20 * kMiB);
  spare.Give(other);
  EXPECT_EQ(spare.waiting(), 100 * kMiB);
  const auto third = spare.Take(2 * kMiB);  // 122 MiB, more than ever before
  EXPECT_EQ(spare.waiting(), 0u);
  spare.Give(third);
  spare.Give(beside);
}

TEST(BlockCache, KeepsWithinItsLimit) {
  BlockCache spare(8 * kMiB);
  const auto a = spare.Take(6 * kMiB), b = spare.Take(4 * kMiB), c = spare.Take(12 * kMiB);
  spare.Give(a);
  EXPECT_EQ(spare.waiting(), 6 * kMiB);
  spare.Give(b);
  EXPECT_EQ(spare.waiting(), 4 * kMiB);
  spare.Give(c);
  EXPECT_EQ(spare.waiting(), 4 * kMiB);
  BlockCache none(0);
  none.Give(none.Take(5 * kMiB));
  EXPECT_EQ(none.waiting(), 0u);
}

TEST(BlockCache, MakesRoomForOthers) {
  BlockCache spare(64 * kMiB);
  const auto a = spare.Take(6 * kMiB), b = spare.Take(10 * kMiB);
  spare.Give(a);
  spare.Give(b);
  spare.MakeRoom(kMiB);
  EXPECT_EQ(spare.waiting(), 10 * kMiB);
  spare.MakeRoom(SIZE_MAX);
  EXPECT_EQ(spare.waiting(), 0u);
}

TEST(BlockCache, LeavesSmallOnesToTheCLibrary) {
  BlockCache spare(8 * kMiB);
  const auto block = spare.Take(1000);
  EXPECT_EQ(block.size, 1024u);
  spare.Give(block);
  EXPECT_EQ(spare.waiting(), 0u);
}

TEST(BlockCache, RefusesTheImpossible) {
  BlockCache spare(8 * kMiB);
  EXPECT_EQ(spare.Take(SIZE_MAX - 8).data, nullptr);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // theirs end the program
  EXPECT_EQ(spare.Take(SIZE_MAX / 2).data, nullptr);
#endif
}

TEST(BlockCache, NoBlockHasTwoOwners) {
  BlockCache spare(32 * kMiB);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&spare, t] {
      for (size_t i = 0; i < 200; ++i) {
        const auto block = spare.Take(kMiB + i % 7 * 300'000);
        ASSERT_NE(block.data, nullptr);
        std::memset(block.data, t, 4096);
        std::this_thread::yield();
        for (int k = 0; k < 4096; ++k) ASSERT_EQ(block.data[k], t);
        spare.Give(block);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(spare.waiting(), 32 * kMiB);
}

}  // namespace
}  // namespace peel

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "src/base/aligned_buffer.h"
#include "src/base/alone.h"
#include "src/base/checked.h"
#include "src/base/cpu.h"
#include "src/base/status.h"
#include "src/base/thread_pool.h"

namespace peel {
namespace {

Result<int> Half(int x) {
  if (x % 2) return InvalidArgument("odd");
  return x / 2;
}

Status Quarter(int x, int* out) {
  PEEL_ASSIGN_OR_RETURN(const int half, Half(x));
  PEEL_ASSIGN_OR_RETURN(*out, Half(half));
  return OkStatus();
}

TEST(Status, CarriesCodeMessageAndContext) {
  int out = 0;
  EXPECT_TRUE(Quarter(8, &out).ok());
  EXPECT_EQ(out, 2);
  const Status bad = Quarter(6, &out).WithContext("six");
  EXPECT_EQ(bad.code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(bad.message(), "six: odd");
}

TEST(Checked, SaysWhenItOverflows) {
  EXPECT_EQ(CheckedProduct<size_t>(size_t{3}, 4, 5), 60u);
  EXPECT_FALSE(CheckedProduct<int32_t>(70000, 70000));
  EXPECT_FALSE(CheckedAdd(SIZE_MAX, size_t{1}));
}

TEST(AlignedBuffer, IsAlignedAndRefusesTheImpossible) {
  for (size_t n : {size_t{0}, size_t{1}, size_t{100}, size_t{5} << 20}) {
    auto b = AlignedBuffer::Allocate(n);
    ASSERT_TRUE(b.ok());
    EXPECT_EQ(reinterpret_cast<uintptr_t>(b->data()) % AlignedBuffer::kAlignment, 0u);
    EXPECT_EQ(b->size(), n);
  }
  EXPECT_EQ(AlignedBuffer::Allocate(SIZE_MAX - 8).status().code(), StatusCode::kOutOfMemory);
}

TEST(ThreadPool, EveryIndexOnceForEverySize) {
  for (int threads : {1, 2, 3, 8}) {
    ThreadPool pool(threads);
    EXPECT_EQ(pool.size(), threads);
    for (int round = 0; round < 300; ++round) {
      std::vector<std::atomic<int>> hits(static_cast<size_t>(round));
      pool.ParallelFor(round, [&](int64_t i, int worker) {
        ASSERT_GE(worker, 0);
        ASSERT_LT(worker, threads);
        hits[static_cast<size_t>(i)].fetch_add(1);
      });
      for (auto& h : hits) ASSERT_EQ(h.load(), 1);
    }
  }
}

TEST(ThreadPool, NestedAndConcurrentCallersFinish) {
  ThreadPool pool(3);
  std::atomic<int64_t> sum{0};
  std::vector<std::thread> callers;
  callers.reserve(4);
  for (int c = 0; c < 4; ++c) {
    callers.emplace_back([&] {
      for (int round = 0; round < 50; ++round) {
        pool.ParallelFor(10, [&](int64_t, int) {
          pool.ParallelFor(10, [&](int64_t j, int) { sum.fetch_add(j); });
        });
      }
    });
  }
  for (auto& t : callers) t.join();
  EXPECT_EQ(sum.load(), 4 * 50 * 10 * 45);
}

// A loop inside another pool's loop is that pool's caller: its numbers are the inner pool's own.
TEST(ThreadPool, AnotherPoolInsideALoop) {
  ThreadPool outer(6), inner(2);
  std::atomic<int64_t> sum{0};
  std::atomic<bool> within{true};
  for (int round = 0; round < 100; ++round) {
    outer.ParallelFor(12, [&](int64_t, int outer_worker) {
      inner.ParallelFor(10, [&](int64_t i, int worker) {
        if (worker < 0 || worker >= inner.size()) within = false;
        outer.ParallelFor(2,
                          [&](int64_t, int again) {  // back in the first: its caller's or its own
                            if (again < 0 || again >= outer.size()) within = false;
                          });
        sum.fetch_add(i);
      });
      outer.ParallelFor(3, [&](int64_t, int again) {
        if (again != outer_worker) within = false;
      });
    });
  }
  EXPECT_TRUE(within.load());
  EXPECT_EQ(sum.load(), 100 * 12 * 45);
}

TEST(Cpu, NamesATarget) {
  EXPECT_FALSE(CpuTarget().empty());
  EXPECT_GE(AvailableCpus(), 1);
}

// Both halves are begun at the same time, whoever finishes them.
TEST(ThreadPool, WorkersBeginWithAStretchOfTheirOwn) {
  ThreadPool pool(2);
  for (int round = 0; round < 50; ++round) {
    std::atomic<int> begun{0};
    std::array<int, 2> begun_by{};
    pool.ParallelFor(101, [&](int64_t i, int worker) {
      if (i != 0 && i != 50) return;
      begun_by[i == 0 ? 0 : 1] = worker;
      begun.fetch_add(1);
      while (begun.load() < 2) std::this_thread::yield();
    });
    EXPECT_EQ(begun_by, (std::array<int, 2>{0, 1}));
  }
}

TEST(ThreadPool, AloneRunsOnTheCallersThread) {
  ThreadPool pool(2);
  const auto by_both = [&] {  // a loop that nobody gets through without a second thread
    std::atomic<int> begun{0};
    pool.ParallelFor(2, [&](int64_t, int) {
      begun.fetch_add(1);
      while (begun.load() < 2) std::this_thread::yield();
    });
    return begun.load();
  };
  EXPECT_EQ(by_both(), 2);
  {
    const Alone alone;
    const std::thread::id caller = std::this_thread::get_id();
    std::vector<int64_t> order;
    pool.ParallelFor(1000, [&](int64_t i, int worker) {
      EXPECT_EQ(std::this_thread::get_id(), caller);
      EXPECT_EQ(worker, 0);
      order.push_back(i);
    });
    EXPECT_EQ(order.size(), 1000U);
    EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
    // Another thread's loops are its own matter.
    std::thread([&] { EXPECT_EQ(by_both(), 2); }).join();
  }
  EXPECT_EQ(by_both(), 2);
}

// More threads than processors share them: nobody waits for one that has no processor.
TEST(ThreadPool, Oversubscribed) {
  ThreadPool pool(8 * AvailableCpus());
  std::vector<int> hits(1000);
  for (int round = 0; round < 100; ++round) {
    pool.ParallelFor(1000, [&](int64_t i, int) { ++hits[static_cast<size_t>(i)]; });
  }
  for (const int h : hits) ASSERT_EQ(h, 100);
}

}  // namespace
}  // namespace peel

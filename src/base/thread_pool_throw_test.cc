// A loop's body is not to throw; if it does, the caller gets it and the pool goes on.
#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <thread>

#include "src/base/thread_pool.h"

namespace peel {
namespace {

TEST(ThreadPoolThrow, InAnyWorker) {
  for (const int threads : {1, 2, 4}) {
    ThreadPool pool(threads);
    for (int64_t bad = 0; bad < 64; bad += 7) {
      EXPECT_THROW(pool.ParallelFor(64,
                                    [&](int64_t i, int) {
                                      std::this_thread::yield();
                                      if (i == bad) throw std::runtime_error("no memory, say");
                                    }),
                   std::runtime_error);
      std::atomic<int> calls{0};
      pool.ParallelFor(64, [&](int64_t, int) { calls.fetch_add(1); });
      EXPECT_EQ(calls, 64);
    }
    EXPECT_THROW(pool.ParallelFor(64, [](int64_t, int) { throw 1; }), int) << "every one of them";
  }
}

}  // namespace
}  // namespace peel

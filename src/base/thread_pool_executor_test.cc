// A pool on threads that somebody else owns.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

#include "src/base/test_executor.h"
#include "src/base/thread_pool.h"

namespace peel {
namespace {

// Hosts that keep the contract each in its own way, and one that does not.
class OneAfterAnother : public Executor {
 public:
  explicit OneAfterAnother(bool backwards) : backwards_(backwards) {}
  int max_concurrency() const override { return 4; }
  void Run(int count, FunctionRef<void(int)> task) override {
    for (int i = 0; i < count; ++i) task(backwards_ ? count - 1 - i : i);
  }

 private:
  bool backwards_;
};

class ThreadsForEachRun : public Executor {
 public:
  int max_concurrency() const override { return 3; }
  void Run(int count, FunctionRef<void(int)> task) override {
    std::vector<std::thread> threads;
    for (int i = 0; i < count; ++i) threads.emplace_back([&, i] { task(i); });
    for (std::thread& thread : threads) thread.join();
  }
};

class ForgetsSome : public Executor {
 public:
  int max_concurrency() const override { return 4; }
  void Run(int count, FunctionRef<void(int)> task) override {
    if (++runs_ % 2 == 0) task(count - 1);
  }

 private:
  int runs_ = 0;
};

std::vector<std::unique_ptr<Executor>> Hosts() {
  std::vector<std::unique_ptr<Executor>> hosts;
  hosts.push_back(std::make_unique<OneAfterAnother>(false));
  hosts.push_back(std::make_unique<OneAfterAnother>(true));
  hosts.push_back(std::make_unique<ThreadsForEachRun>());
  hosts.push_back(std::make_unique<ForgetsSome>());
  hosts.push_back(std::make_unique<TestExecutor>(3));
  return hosts;
}

TEST(ThreadPoolOnExecutor, EveryIndexOnceAndNoWorkerTwiceAtATime) {
  for (const auto& host : Hosts()) {
    ThreadPool pool(host.get());
    EXPECT_EQ(pool.size(), host->max_concurrency());
    for (const int64_t count : {0, 1, 2, 3, 5, 100, 1000}) {
      std::vector<std::atomic<int>> hits(static_cast<size_t>(count));
      std::vector<std::atomic<int>> busy(static_cast<size_t>(pool.size()));
      pool.ParallelFor(count, [&](int64_t i, int worker) {
        EXPECT_EQ(busy.at(static_cast<size_t>(worker)).fetch_add(1), 0);
        hits[static_cast<size_t>(i)].fetch_add(1);
        if (count > 1) pool.ParallelFor(2, [&](int64_t, int w) { EXPECT_EQ(w, worker); });
        busy[static_cast<size_t>(worker)].fetch_sub(1);
      });
      for (const auto& h : hits) ASSERT_EQ(h, 1);
    }
  }
}

TEST(ThreadPoolOnExecutor, ItsThreadsDoTheWorkAndNoOtherIsStarted) {
  TestExecutor host(3);
  const int before = ThreadsOfProcess();
  ThreadPool pool(&host);
  std::atomic<int> elsewhere{0};
  for (int round = 0; round < 20; ++round) {
    pool.ParallelFor(100, [&](int64_t, int) {
      if (!host.Owns(std::this_thread::get_id())) elsewhere.fetch_add(1);
    });
  }
  EXPECT_EQ(elsewhere, 0);
  EXPECT_EQ(host.runs(), 20);
  EXPECT_LE(host.most_threads(), before);
  EXPECT_EQ(pool.library_threads(), 1);
  EXPECT_EQ(pool.Shortage(), "");
}

TEST(ThreadPoolOnExecutor, HasAsManyWorkersAsAreAskedForAndCanBe) {
  TestExecutor host(3);
  EXPECT_EQ(ThreadPool(&host, 0).size(), 3);
  EXPECT_EQ(ThreadPool(&host, 2).size(), 2);
  EXPECT_EQ(ThreadPool(&host, 9).size(), 3);
  ThreadPool one(&host, 1);
  one.ParallelFor(10, [](int64_t, int worker) { EXPECT_EQ(worker, 0); });
  EXPECT_EQ(host.runs(), 0);
}

TEST(ThreadPoolOnExecutor, ExceptionsGoPastTheHost) {
  for (const auto& host : Hosts()) {
    ThreadPool pool(host.get());
    EXPECT_THROW(pool.ParallelFor(64,
                                  [](int64_t i, int) {
                                    if (i % 7 == 3) throw std::runtime_error("no memory, say");
                                  }),
                 std::runtime_error);
    std::atomic<int> calls{0};
    pool.ParallelFor(64, [&](int64_t, int) { calls.fetch_add(1); });
    EXPECT_EQ(calls, 64);
  }
}

TEST(ThreadPoolOnExecutor, SeveralPoolsAndCallersShareOne) {
  TestExecutor host(3);
  ThreadPool first(&host), second(&host);
  std::atomic<int> sum{0};
  std::vector<std::thread> callers;
  for (int t = 0; t < 6; ++t) {
    callers.emplace_back([&, t] {
      ThreadPool& pool = t % 2 == 0 ? first : second;
      for (int i = 0; i < 50; ++i) pool.ParallelFor(10, [&](int64_t, int) { sum.fetch_add(1); });
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(sum, 6 * 50 * 10);
}

}  // namespace
}  // namespace peel

#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "src/base/executor.h"
#include "src/base/function_ref.h"

namespace peel {

// A fixed number of workers that run one loop at a time, on threads of the pool's own or on a
// host's. With its own the caller takes part, so size() threads work and a pool of size 1 starts
// none.
//
// Loops are divided by static partition with tail stealing: every worker begins with its own
// stretch of the indices and, when that is done, steals from the tail of whoever has most left.
// Loops over the same rows so give the same rows to the same core, in whose cache they lie. What an
// index computes must not depend on which worker runs it; then results are the same for every size
// and every executor.
//
// Idle threads spin for a short while (loops inside one inference follow each other closely), then
// park. Any thread may call; while one caller has the workers, another's loop runs on its own
// thread alone, as does a loop started inside a loop body of the same pool (with the same worker
// number). A loop body may use another pool, whose workers it then has like any caller.
//
// One pool serves everything: the top (a Cutter, a command) makes it and hands it down to decoders,
// networks, mattes and encoders.
class ThreadPool {
 public:
  // threads <= 0 means AvailableCpus(). Where the system starts fewer (limits on processes or on
  // memory), the pool is that much smaller; see Shortage().
  explicit ThreadPool(int threads = 0) : ThreadPool(nullptr, threads) {}
  // On the threads of `host`, which must outlive the pool, and none of its own: threads <= 0 means
  // as many workers as that runs at the same time, which is also the most. Null: as above.
  explicit ThreadPool(Executor* host, int threads = 0);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int size() const { return size_; }

  // The most threads for a library that cannot be given a pool and would start its own: 1 where a
  // host lends the threads, since it wants no others.
  int library_threads() const { return host_ != nullptr ? 1 : size_; }

  // For the user, where fewer threads could be started than were asked for: how many and why, and
  // what to do; else "".
  const std::string& Shortage() const { return shortage_; }

  // body(index, worker) for every index in [0, count); worker in [0, size()) names the scratch
  // space that the call may use. Returns when all are done. An exception of
  // body's is thrown again here, once every worker has stopped.
  void ParallelFor(int64_t count, FunctionRef<void(int64_t index, int worker)> body);

 private:
  struct Loop;
  struct Partition;
  void Start(int threads);
  void Work(int worker);
  void Drain(const Loop& loop, int worker);
  void Run(const Loop& loop, uint32_t count);
  void RunOnThreads(const Loop& loop);

  // The pools and numbers as which a thread is inside loops, innermost first.
  struct Place {
    const ThreadPool* pool;
    int worker;
    const Place* outer;
  };
  static thread_local const Place* innermost_;

  Executor* const host_;  // null: the threads below
  int size_ = 1;
  std::vector<std::thread> workers_;
  std::string shortage_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::atomic<uint64_t> generation_{0};  // one more for every loop
  std::atomic<const Loop*> loop_{nullptr};
  std::unique_ptr<Partition[]> partitions_;  // what each worker has left of *loop_
  std::atomic<int> inside_{0};               // workers that may still look at *loop_
  std::atomic<int> parked_{0};
  std::atomic<bool> stop_{false};
  std::mutex caller_;  // held by the one caller that has the workers
};

// library_threads() of the pool; without one a library works on the calling thread alone.
inline int LibraryThreads(const ThreadPool* pool) {
  return pool != nullptr ? pool->library_threads() : 1;
}

// Processors this process may use: affinity mask and cgroup CPU quota respected, at least 1.
int AvailableCpus();

}  // namespace peel

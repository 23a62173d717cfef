#include "src/base/thread_pool.h"

#include <algorithm>
#include <cmath>
#include <exception>
#include <system_error>

#include "src/base/alone.h"
#include "src/base/os/machine.h"

namespace peel {
namespace {

// About 30 microseconds: longer than the gap between two layers, shorter than a scheduler's slice.
constexpr int kSpins = 2000;

thread_local int alone = 0;  // how many of alone.h's live on this thread

void Pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace

Alone::Alone() { ++alone; }
Alone::~Alone() { --alone; }

thread_local const ThreadPool::Place* ThreadPool::innermost_ = nullptr;

struct ThreadPool::Loop {
  FunctionRef<void(int64_t, int)> body;
  int64_t first;  // added to every index

  // The body promises not to throw. Where it does all the same (there is no memory for something in
  // a library), the first exception is kept for the caller, and the other indices are passed over.
  mutable std::atomic<bool> failed{false};
  mutable std::exception_ptr thrown{};

  void Call(uint32_t index, int worker) const noexcept {
    if (failed.load(std::memory_order_relaxed)) return;
    try {
      body(first + index, worker);
    } catch (...) {
      if (!failed.exchange(true)) thrown = std::current_exception();
    }
  }
};

// What is left of a worker's part of the indices: [first, end) as one word, so that both ends can
// be taken from at once.
struct alignas(64) ThreadPool::Partition {
  std::atomic<uint64_t> range{0};

  static uint64_t Pack(uint64_t first, uint64_t end) { return end << 32 | first; }
  static uint32_t First(uint64_t range) { return static_cast<uint32_t>(range); }
  static uint32_t End(uint64_t range) { return static_cast<uint32_t>(range >> 32); }
  uint32_t left() const {
    const uint64_t now = range.load(std::memory_order_relaxed);
    return End(now) - First(now);
  }

  // One index, off the head for the partition's own worker or off the tail for a thief; false where
  // none is left.
  bool PopHead(uint32_t* index) {
    uint64_t now = range.load(std::memory_order_relaxed);
    while (First(now) < End(now)) {
      *index = First(now);
      const uint64_t rest = Pack(First(now) + 1, End(now));
      if (range.compare_exchange_weak(now, rest, std::memory_order_relaxed)) return true;
    }
    return false;
  }
  bool StealTail(uint32_t* index) {
    uint64_t now = range.load(std::memory_order_relaxed);
    while (First(now) < End(now)) {
      *index = End(now) - 1;
      const uint64_t rest = Pack(First(now), *index);
      if (range.compare_exchange_weak(now, rest, std::memory_order_relaxed)) return true;
    }
    return false;
  }
};

ThreadPool::ThreadPool(Executor* host, int threads) : host_(host) {
  if (host_ != nullptr) {
    const int most = std::max(host_->max_concurrency(), 1);
    size_ = threads > 0 ? std::min(threads, most) : most;
  } else {
    Start(threads > 0 ? threads : AvailableCpus());
  }
  if (partitions_ == nullptr)
    partitions_ = std::make_unique<Partition[]>(static_cast<size_t>(size_));
}

void ThreadPool::Start(int threads) {
  partitions_ = std::make_unique<Partition[]>(static_cast<size_t>(threads));
  workers_.reserve(static_cast<size_t>(threads));  // nothing but a thread's start can fail below
  try {
    for (int i = 1; i < threads; ++i) workers_.emplace_back([this, i] { Work(i); });
  } catch (const std::system_error& error) {
    shortage_ = "only " + std::to_string(workers_.size() + 1) + " of " + std::to_string(threads) +
                " threads could be started (" + error.code().message() +
                "); going on with those. Raise the limit on processes (ulimit -u, pids.max) or "
                "ask for fewer threads";
  }
  size_ = static_cast<int>(workers_.size()) + 1;
}

ThreadPool::~ThreadPool() {
  {
    std::lock_guard lock(mutex_);
    stop_.store(true);
    generation_.fetch_add(1);
  }
  wake_.notify_all();
  for (auto& t : workers_) t.join();
}

void ThreadPool::Drain(const Loop& loop, int worker) {
  const Place here = {this, worker, innermost_};
  innermost_ = &here;
  uint32_t index = 0;
  while (partitions_[worker].PopHead(&index)) loop.Call(index, worker);
  for (;;) {
    Partition* fullest = &partitions_[0];
    for (int i = 1; i < size_; ++i) {
      if (partitions_[i].left() > fullest->left()) fullest = &partitions_[i];
    }
    if (fullest->left() == 0) break;
    if (fullest->StealTail(&index)) loop.Call(index, worker);
  }
  innermost_ = here.outer;
}

void ThreadPool::Work(int worker) {
  uint64_t seen = 0;
  for (;;) {
    for (int spin = 0; generation_.load() == seen; ++spin) {
      if (spin < kSpins) {
        Pause();
        continue;
      }
      std::unique_lock lock(mutex_);
      parked_.fetch_add(1);
      wake_.wait(lock, [&] { return generation_.load() != seen; });
      parked_.fetch_sub(1);
    }
    seen = generation_.load();
    if (stop_.load()) return;
    // Announce first, then look: ParallelFor takes the loop away before it waits for the announced.
    inside_.fetch_add(1);
    if (const Loop* loop = loop_.load()) Drain(*loop, worker);
    inside_.fetch_sub(1);
  }
}

void ThreadPool::ParallelFor(int64_t count, FunctionRef<void(int64_t, int)> body) {
  if (count <= 0) return;
  std::unique_lock caller(caller_, std::defer_lock);
  const Place* place = innermost_;
  while (place != nullptr && place->pool != this) place = place->outer;
  if (size_ == 1 || count == 1 || place != nullptr || alone > 0 || !caller.try_lock()) {
    // A nested loop keeps its place: its scratch space is the one that the outer loop gave it.
    const int worker = place != nullptr ? place->worker : 0;
    for (int64_t i = 0; i < count; ++i) body(i, worker);
    return;
  }
  constexpr int64_t kMost = UINT32_MAX;
  for (int64_t first = 0; first < count; first += kMost) {
    Run({body, first}, static_cast<uint32_t>(std::min(kMost, count - first)));
  }
}

void ThreadPool::Run(const Loop& loop, uint32_t count) {
  const auto parts = static_cast<uint64_t>(size_);
  for (uint64_t i = 0; i < parts; ++i) {
    partitions_[i].range.store(Partition::Pack(count * i / parts, count * (i + 1) / parts),
                               std::memory_order_relaxed);
  }
  if (host_ != nullptr) {
    // Whatever the host makes of its tasks, one after another for instance: they take from each
    // other, and what they leave is done here.
    host_->Run(size_, [&](int worker) { Drain(loop, worker); });
    Drain(loop, 0);
  } else {
    RunOnThreads(loop);
  }
  if (loop.thrown) std::rethrow_exception(loop.thrown);
}

void ThreadPool::RunOnThreads(const Loop& loop) {
  loop_.store(&loop);
  generation_.fetch_add(1);
  if (parked_.load() > 0) {
    { std::lock_guard lock(mutex_); }  // a worker between its check and its wait has the mutex
    wake_.notify_all();
  }
  Drain(loop, 0);
  loop_.store(nullptr);
  for (int spin = 0; inside_.load() != 0; ++spin) {
    if (spin < kSpins) {
      Pause();
    } else {
      std::this_thread::yield();
    }
  }
}

int AvailableCpus() {
  int n = static_cast<int>(std::thread::hardware_concurrency());
  if (const int allowed = ProcessorsAllowed(); allowed > 0) n = allowed;
  if (const double quota = ProcessorQuota(); quota > 0 && quota < n) {
    n = static_cast<int>(std::ceil(quota));
  }
  return std::max(n, 1);
}

}  // namespace peel

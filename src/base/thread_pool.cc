#include "src/base/thread_pool.h"

#include <algorithm>
#include <cmath>
#include <exception>
#include <system_error>

#include "src/base/os/machine.h"

namespace peel {
namespace {

// About 30 microseconds: longer than the gap between two layers, shorter than a scheduler's slice.
constexpr int kSpins = 2000;

void Pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace

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

// Indices [first, end) as one word, so that both ends can be taken from at once.
struct alignas(64) ThreadPool::Share {
  std::atomic<uint64_t> range{0};

  static uint64_t Pack(uint64_t first, uint64_t end) { return end << 32 | first; }
  static uint32_t First(uint64_t range) { return static_cast<uint32_t>(range); }
  static uint32_t End(uint64_t range) { return static_cast<uint32_t>(range >> 32); }
  uint32_t left() const {
    const uint64_t now = range.load(std::memory_order_relaxed);
    return End(now) - First(now);
  }

  // One index off the near end or the far one; false where none is left.
  bool Take(bool near, uint32_t* index) {
    uint64_t now = range.load(std::memory_order_relaxed);
    while (First(now) < End(now)) {
      *index = near ? First(now) : End(now) - 1;
      const uint64_t rest = near ? Pack(First(now) + 1, End(now)) : Pack(First(now), *index);
      if (range.compare_exchange_weak(now, rest, std::memory_order_relaxed)) return true;
    }
    return false;
  }
};

ThreadPool::ThreadPool(int threads) {
  if (threads <= 0) threads = AvailableCpus();
  shares_ = std::make_unique<Share[]>(static_cast<size_t>(threads));
  workers_.reserve(static_cast<size_t>(threads));  // nothing but a thread's start can fail below
  try {
    for (int i = 1; i < threads; ++i) workers_.emplace_back([this, i] { Work(i); });
  } catch (const std::system_error& error) {
    shortage_ = "only " + std::to_string(size()) + " of " + std::to_string(threads) +
                " threads could be started (" + error.code().message() +
                "); going on with those. Raise the limit on processes (ulimit -u, pids.max) or "
                "ask for fewer threads";
  }
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
  while (shares_[worker].Take(true, &index)) loop.Call(index, worker);
  for (;;) {
    Share* fullest = &shares_[0];
    for (int i = 1; i < size(); ++i) {
      if (shares_[i].left() > fullest->left()) fullest = &shares_[i];
    }
    if (fullest->left() == 0) break;
    if (fullest->Take(false, &index)) loop.Call(index, worker);
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
  if (workers_.empty() || count == 1 || place != nullptr || !caller.try_lock()) {
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
  const auto threads = static_cast<uint64_t>(size());
  for (uint64_t i = 0; i < threads; ++i) {
    shares_[i].range.store(Share::Pack(count * i / threads, count * (i + 1) / threads),
                           std::memory_order_relaxed);
  }
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
  if (loop.thrown) std::rethrow_exception(loop.thrown);
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

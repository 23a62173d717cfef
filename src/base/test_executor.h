#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <functional>
#include <iterator>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "src/base/executor.h"

namespace peel {

// How many threads this process has. One that has been joined may be counted a moment longer.
inline int ThreadsOfProcess() {
  return static_cast<int>(std::distance(std::filesystem::directory_iterator("/proc/self/task"),
                                        std::filesystem::directory_iterator()));
}

// The same, once it is what is expected; else after some seconds.
inline int ThreadsOfProcess(int expected) {
  for (int i = 0; i < 500 && ThreadsOfProcess() != expected; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return ThreadsOfProcess();
}

// What a host program may have: threads of its own behind a queue, which all tasks run on, and the
// caller never does. Counts what it is asked for and looks around while tasks run.
class TestExecutor final : public Executor {
 public:
  explicit TestExecutor(int threads) {
    for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { Work(); });
  }
  ~TestExecutor() override {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    wake_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  int max_concurrency() const override { return static_cast<int>(threads_.size()); }

  void Run(int count, FunctionRef<void(int)> task) override {
    std::unique_lock lock(mutex_);
    ++runs_;
    int left = count;
    for (int i = 0; i < count; ++i) {
      queue_.push_back([this, task, i, &left] {
        task(i);
        const std::lock_guard done(mutex_);
        most_threads_ = std::max(most_threads_.load(), ThreadsOfProcess());
        ++tasks_;
        if (--left == 0) done_.notify_all();
      });
    }
    wake_.notify_all();
    done_.wait(lock, [&] { return left == 0; });
  }

  int runs() const { return runs_; }
  int tasks() const { return tasks_; }
  // Most threads that the process had at the end of a task.
  int most_threads() const { return most_threads_; }
  // Whether that is one of this executor's.
  bool Owns(std::thread::id id) const {
    return std::any_of(threads_.begin(), threads_.end(),
                       [&](const std::thread& thread) { return thread.get_id() == id; });
  }

 private:
  void Work() {
    for (;;) {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [&] { return stop_ || !queue_.empty(); });
      if (queue_.empty()) return;
      const std::function<void()> job = std::move(queue_.front());
      queue_.pop_front();
      lock.unlock();
      job();
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_, done_;
  std::deque<std::function<void()>> queue_;
  bool stop_ = false;
  std::atomic<int> runs_{0}, tasks_{0}, most_threads_{0};
  std::vector<std::thread> threads_;
};

}  // namespace peel

#pragma once

#include <memory>

#include "src/base/executor.h"
#include "src/base/thread_pool.h"

namespace peel::server {

// Threads for a model that is loaded in one process and used in copies of it. Starts none until it
// may use several, so that a process can be forked after it has loaded its model; a copy starts its
// own.
class ForkableExecutor final : public Executor {
 public:
  // most: max_concurrency(), at least 1. Only the calling thread works until set_threads.
  explicit ForkableExecutor(int most) : most_(most > 1 ? most : 1) {}

  int max_concurrency() const override { return most_; }
  void Run(int count, FunctionRef<void(int task)> task) override;

  // How many threads work from the next Run on, the caller's included; 1 to max_concurrency().
  void set_threads(int threads);

 private:
  const int most_;
  std::unique_ptr<ThreadPool> pool_;  // null: the calling thread alone
};

}  // namespace peel::server

#include "src/server/work/forkable_executor.h"

#include <algorithm>

namespace peel::server {

void ForkableExecutor::Run(int count, FunctionRef<void(int task)> task) {
  const int threads = pool_ == nullptr ? 1 : pool_->size();
  // Whoever runs first takes what the others have left (ThreadPool), so that it does not matter
  // that tasks outnumber the threads.
  const auto work = [&](int64_t first, int) {
    for (int i = static_cast<int>(first); i < count; i += threads) task(i);
  };
  if (pool_ == nullptr) {
    work(0, 0);
  } else {
    pool_->ParallelFor(threads, work);
  }
}

void ForkableExecutor::set_threads(int threads) {
  threads = std::clamp(threads, 1, most_);
  if (threads == (pool_ == nullptr ? 1 : pool_->size())) return;
  pool_.reset();
  if (threads > 1) pool_ = std::make_unique<ThreadPool>(threads);
}

}  // namespace peel::server

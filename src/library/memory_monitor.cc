#include "src/library/memory_monitor.h"

#include <algorithm>
#include <chrono>

#include "src/base/os/machine.h"
#include "src/base/os/memory.h"

namespace peel::library {

MemoryMonitor::MemoryMonitor(uint64_t limit) : limit_(limit) {
  Look();
  thread_ = std::thread([this] {
    std::unique_lock lock(mutex_);
    while (!wake_.wait_for(lock, std::chrono::milliseconds(250), [this] { return stop_; })) {
      lock.unlock();
      Look();
      lock.lock();
    }
  });
}

void MemoryMonitor::Look() {
  uint64_t now = ResidentMemory();
  if (limit_ > 0 && now > limit_) {
    ReturnFreeMemory();
    now = ResidentMemory();
  }
  const std::lock_guard lock(mutex_);
  now_ = now;
  sum_ += now;
  ++looks_;
  peak_ = std::max(peak_, now);
}

void MemoryMonitor::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

uint64_t MemoryMonitor::mean() const {
  const std::lock_guard lock(mutex_);
  return looks_ > 0 ? sum_ / looks_ : 0;
}

uint64_t MemoryMonitor::peak() const {
  const std::lock_guard lock(mutex_);
  return peak_;
}

bool MemoryMonitor::is_above() const {
  const std::lock_guard lock(mutex_);
  return limit_ > 0 && now_ > limit_;
}

}  // namespace peel::library

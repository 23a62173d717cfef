#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

namespace peel::library {

// Looks at this process's resident memory four times a second, from its making to its end, and
// gives free memory back to the system where there is more than `limit` (0: no limit).
class MemoryMonitor {
 public:
  explicit MemoryMonitor(uint64_t limit);
  ~MemoryMonitor() { Stop(); }
  MemoryMonitor(const MemoryMonitor&) = delete;
  MemoryMonitor& operator=(const MemoryMonitor&) = delete;

  void Stop();
  // Of what was seen until now, bytes.
  uint64_t mean() const;
  uint64_t peak() const;
  // Whether more than the limit was in use when it was last looked.
  bool is_above() const;

 private:
  void Look();

  const uint64_t limit_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false;
  uint64_t sum_ = 0, looks_ = 0, peak_ = 0, now_ = 0;
  std::thread thread_;
};

}  // namespace peel::library

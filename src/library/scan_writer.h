#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>

#include "src/base/status.h"
#include "src/library/store/store.h"

namespace peel::library {

// The one way into the library while many threads scan: one at a time, many files to a
// transaction, none left open for long. Every file's rows lie in one transaction, so that a process
// that is killed leaves whole files behind.
class ScanWriter {
 public:
  explicit ScanWriter(Store& store) : store_(store) {}
  ScanWriter(const ScanWriter&) = delete;
  ScanWriter& operator=(const ScanWriter&) = delete;
  // What has not been committed is undone.
  ~ScanWriter();

  // What is done of one file. The first failure of the library ends all writing: it is returned
  // now and by every later call, and what was not committed is undone.
  Status Do(const std::function<Status(Store&)>& writes);
  // Looks into the library without writing.
  Status Look(const std::function<Status(Store&)>& reads);
  // All that was written until now is there for good.
  Status Commit();
  double seconds() const { return seconds_; }

 private:
  Status CommitLocked();
  Status Broken(Status status);

  Store& store_;
  std::mutex mutex_;
  Status broken_;
  int pending_ = 0;
  std::chrono::steady_clock::time_point begun_;
  double seconds_ = 0;
};

}  // namespace peel::library

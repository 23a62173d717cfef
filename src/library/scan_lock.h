#pragma once

#include <string>

#include "src/base/os/unique_fd.h"
#include "src/base/status.h"

namespace peel::library {

// Keeps a second scan away from a library that is being scanned: a lock on a file beside it, which
// goes with the process however it ends. Readers take no notice of it.
class ScanLock {
 public:
  // kIo where another scan has it, with what to do.
  static Result<ScanLock> Take(const std::string& database);
  ScanLock(ScanLock&&) = default;
  ScanLock& operator=(ScanLock&&) = delete;
  ~ScanLock();  // the file goes as well

 private:
  ScanLock(UniqueFd file, std::string path) : file_(std::move(file)), path_(std::move(path)) {}

  UniqueFd file_;
  std::string path_;
};

}  // namespace peel::library

#pragma once

#include <utility>

#include "src/base/os/file.h"

namespace peel {

// Owns an open file of the system; -1 is none.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& o) noexcept : fd_(std::exchange(o.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& o) noexcept {
    if (this != &o) Reset(std::exchange(o.fd_, -1));
    return *this;
  }
  ~UniqueFd() { Reset(); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  void Reset(int fd = -1) {
    if (fd_ >= 0) CloseFile(fd_);
    fd_ = fd;
  }
  // CloseFile's result, for files that were written: it may be the call that reports a full disk
  // (NFS).
  int Close() { return CloseFile(std::exchange(fd_, -1)); }

 private:
  int fd_ = -1;
};

}  // namespace peel

#pragma once

#include <utility>

#include "src/base/os/file.h"

namespace peel {

// Owns an open file of the system.
class FileDescriptor {
 public:
  explicit FileDescriptor(int fd = -1) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& o) noexcept : fd_(std::exchange(o.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& o) noexcept {
    std::swap(fd_, o.fd_);
    return *this;
  }
  ~FileDescriptor() {
    if (fd_ >= 0) CloseFile(fd_);
  }
  int get() const { return fd_; }
  bool ok() const { return fd_ >= 0; }
  // CloseFile may be the call that reports a full disk (NFS).
  int Close() { return CloseFile(std::exchange(fd_, -1)); }

 private:
  int fd_;
};

}  // namespace peel

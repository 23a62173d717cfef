#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "src/base/status.h"

namespace peel {

// A regular file that is read now and, in parts, again later, while anybody may write into it or
// cut it. It is read and never mapped: pages of a map that lie behind a new end are a SIGBUS, and
// others show the new contents. What was replaced by another file under its name stays readable as
// it was; what was changed in place is told by its size and time of modification. Any thread may
// read.
class SourceFile {
 public:
  // The contents, in memory of their own that goes back to the system with the last owner.
  class Bytes {
   public:
    Bytes(uint8_t* data, size_t size) : data_(data), size_(size) {}
    ~Bytes();
    Bytes(const Bytes&) = delete;
    Bytes& operator=(const Bytes&) = delete;
    std::span<const uint8_t> span() const { return {data_, size_}; }

   private:
    uint8_t* data_;
    size_t size_;
  };

  // kNotFound, or kIo with the system's reason (a folder, a pipe, no permission).
  static Result<std::shared_ptr<const SourceFile>> Open(const std::string& path);
  ~SourceFile();
  SourceFile(const SourceFile&) = delete;
  SourceFile& operator=(const SourceFile&) = delete;

  uint64_t size() const { return size_; }
  int64_t modified() const { return modified_; }  // nanoseconds since 1970
  // kOutOfMemory, kIo; the latter also where the file has changed since it was opened.
  Result<std::shared_ptr<const Bytes>> ReadAll() const;
  // size bytes from offset on, which must lie within size(). kIo, and then what `to` holds is junk.
  Status Read(uint64_t offset, size_t size, void* to) const;

 private:
  explicit SourceFile(int fd) : fd_(fd) {}

  int fd_;
  uint64_t size_ = 0;
  int64_t modified_ = 0;
};

}  // namespace peel

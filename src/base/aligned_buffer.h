#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "src/base/block_cache.h"
#include "src/base/status.h"

namespace peel {

// Memory whose start is a multiple of kAlignment, uninitialised (it may hold what another buffer
// held: see BlockCache), move-only. Large buffers are marked for 2-MiB pages.
class AlignedBuffer {
 public:
  static constexpr size_t kAlignment = 64;

  AlignedBuffer() = default;
  // kOutOfMemory with the number of bytes in the message when the memory cannot be had.
  static Result<AlignedBuffer> Allocate(size_t bytes);

  uint8_t* data() { return data_.get(); }
  const uint8_t* data() const { return data_.get(); }
  size_t size() const { return size_; }
  template <typename T>
  T* as() {
    return reinterpret_cast<T*>(data_.get());
  }
  template <typename T>
  const T* as() const {
    return reinterpret_cast<const T*>(data_.get());
  }

 private:
  std::unique_ptr<uint8_t[], BlockCache::Return> data_;
  size_t size_ = 0;
};

}  // namespace peel

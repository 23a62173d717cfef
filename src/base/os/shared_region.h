#pragma once

#include <cstddef>
#include <cstdint>

#include "src/base/os/unique_fd.h"
#include "src/base/status.h"

namespace peel {

// Memory that two processes see (a memfd). Its size is sealed: neither side can take pages away
// under the other, which would end it with SIGBUS. What it holds may change at any time under a
// reader who does not trust the other side: copy first, then look.
class SharedRegion {
 public:
  SharedRegion() = default;
  SharedRegion(SharedRegion&& o) noexcept { *this = static_cast<SharedRegion&&>(o); }
  SharedRegion& operator=(SharedRegion&& o) noexcept;
  ~SharedRegion();

  // At least so many bytes, zeroed. kOutOfMemory; also where a limit on file sizes counts for it.
  static Result<SharedRegion> Create(size_t bytes);
  // The region behind a descriptor that was received. kCorrupt where its size is not sealed.
  static Result<SharedRegion> Map(UniqueFd fd);

  uint8_t* data() { return data_; }
  size_t size() const { return size_; }  // 0: none
  int fd() const { return fd_.get(); }

 private:
  Status MapAll();

  UniqueFd fd_;
  uint8_t* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace peel

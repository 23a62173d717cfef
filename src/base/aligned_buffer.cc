#include "src/base/aligned_buffer.h"

#include <sys/mman.h>

#include <cstdlib>
#include <string>

#include "src/base/checked.h"

namespace peel {
namespace {
constexpr size_t kHugePage = size_t{2} << 20;
}

void AlignedBuffer::Free::operator()(uint8_t* p) const { std::free(p); }

Result<AlignedBuffer> AlignedBuffer::Allocate(size_t bytes) {
  AlignedBuffer buffer;
  const bool huge = bytes >= 2 * kHugePage;
  const size_t alignment = huge ? kHugePage : kAlignment;
  const auto padded = CheckedAdd(bytes == 0 ? size_t{1} : bytes, alignment - 1);
  void* p = nullptr;
  if (padded) p = std::aligned_alloc(alignment, *padded / alignment * alignment);
  if (p == nullptr) {
    return OutOfMemory("needs " + std::to_string(bytes) + " bytes of memory that cannot be had");
  }
  if (huge) madvise(p, *padded / alignment * alignment, MADV_HUGEPAGE);  // a wish; may be refused
  buffer.data_.reset(static_cast<uint8_t*>(p));
  buffer.size_ = bytes;
  return buffer;
}

}  // namespace peel

#include "src/base/aligned_buffer.h"

#include <algorithm>
#include <string>

namespace peel {

Result<AlignedBuffer> AlignedBuffer::Allocate(size_t bytes) {
  const BlockCache::Block block = BlockCache::Process().Take(std::max(bytes, size_t{1}));
  if (block.data == nullptr) {
    return OutOfMemory("needs " + std::to_string(bytes) + " bytes of memory that cannot be had");
  }
  AlignedBuffer buffer;
  buffer.data_ = {block.data, BlockCache::Return{block.size}};
  buffer.size_ = bytes;
  return buffer;
}

}  // namespace peel

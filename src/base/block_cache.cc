#include "src/base/block_cache.h"

#include <algorithm>

#include "src/base/checked.h"
#include "src/base/os/machine.h"
#include "src/base/os/memory.h"

namespace peel {
namespace {

constexpr size_t kAlignment = 64;
constexpr size_t kHugePage = size_t{2} << 20;

size_t DefaultLimit() {
#if defined(__SANITIZE_ADDRESS__)
  return 0;  // a block that waits could not be told from one in use
#else
  uint64_t memory = PhysicalMemory();
  // The limit, not what is left of it just now, which is little where files have been read.
  if (const uint64_t limit = GroupMemoryLimit(); limit > 0) memory = std::min(memory, limit);
  return static_cast<size_t>(std::min<uint64_t>(memory / 16, uint64_t{256} << 20));
#endif
}

}  // namespace

BlockCache::~BlockCache() {
  for (const Block& block : blocks_) FreeAligned(block.data);
}

BlockCache& BlockCache::Process() {
  static auto* const spare = new BlockCache(DefaultLimit());  // outlives every static buffer
  return *spare;
}

BlockCache::Block BlockCache::Take(size_t bytes) {
  const bool huge = bytes >= kHuge;
  const size_t alignment = huge ? kHugePage : kAlignment;
  const auto padded = CheckedAdd(bytes, alignment - 1);
  if (!padded) return {};
  const size_t size = *padded / alignment * alignment;
  if (size >= kLeast) {
    if (const std::unique_lock lock(mutex_, std::try_to_lock); lock.owns_lock()) {
      auto best = blocks_.end();
      for (auto it = blocks_.begin(); it != blocks_.end(); ++it) {
        const bool fits = it->size >= size && it->size <= 2 * size;
        if (fits && (best == blocks_.end() || it->size < best->size)) best = it;
      }
      if (best != blocks_.end()) {
        const Block block = *best;
        blocks_.erase(best);
        waiting_ -= block.size;
        used_ += block.size;
        return block;
      }
      const size_t then = used_ + size;  // in use
      Shrink(std::max(most_.load(), then) - then);
    }
  }
  Block block = {static_cast<uint8_t*>(AllocateAligned(alignment, size)), size};
  if (block.data == nullptr) {
    MakeRoom(SIZE_MAX);
    block.data = static_cast<uint8_t*>(AllocateAligned(alignment, size));
  }
  if (block.data == nullptr || size < kLeast) return block;
  // Spares most of the address translation that streaming over the block costs; may be refused.
  if (huge) AdviseHugePages(block.data, size);
  const size_t used = used_ += size;
  size_t most = most_;
  while (most < used && !most_.compare_exchange_weak(most, used)) {
  }
  return block;
}

void BlockCache::Give(Block block) {
  if (block.size >= kLeast) {
    used_ -= block.size;
    if (const std::unique_lock lock(mutex_, std::try_to_lock);
        lock.owns_lock() && block.size <= limit_) {
      Shrink(limit_ - block.size);
      waiting_ += block.size;
      blocks_.push_back(block);
      return;
    }
  }
  FreeAligned(block.data);
}

void BlockCache::MakeRoom(size_t bytes) {
  if (const std::unique_lock lock(mutex_, std::try_to_lock); lock.owns_lock()) {
    Shrink(waiting_ - std::min(waiting_, bytes));
  }
}

size_t BlockCache::waiting() const {
  const std::lock_guard lock(mutex_);
  return waiting_;
}

void BlockCache::Shrink(size_t bytes) {
  auto keep = blocks_.begin();
  while (waiting_ > bytes && keep != blocks_.end()) {
    waiting_ -= keep->size;
    FreeAligned(keep->data);
    ++keep;
  }
  blocks_.erase(blocks_.begin(), keep);
}

}  // namespace peel

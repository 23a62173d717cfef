#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

namespace peel {

// Large blocks of memory that were given back and wait for the next taker. A fresh block costs a
// page fault and the clearing of every page by the system, a fifth of the time of cutting out one
// large photo after another; a block used before costs neither. What waits and what is in use
// together are never more than was once in use at the same time.
class BlockCache {
 public:
  static constexpr size_t kLeast = size_t{1}
                                   << 20;           // smaller blocks are the C library's own matter
  static constexpr size_t kHuge = size_t{4} << 20;  // from here on whole 2-MiB pages

  // At most `limit` bytes wait.
  explicit BlockCache(size_t limit) : limit_(limit) {}
  ~BlockCache();
  BlockCache(const BlockCache&) = delete;
  BlockCache& operator=(const BlockCache&) = delete;

  // Those of this process: 256 MiB, or a sixteenth of the memory where that is less.
  static BlockCache& Process();

  struct Block {
    uint8_t* data = nullptr;  // null: not to be had
    size_t size = 0;          // of the block, at least what was asked for
  };
  // Uninitialised, on a border of 64 bytes. bytes >= 1.
  Block Take(size_t bytes);
  // Takes back what Take() gave.
  void Give(Block block);

  // Frees waiting blocks of at least so many bytes, or all: a library that does not take from here
  // is about to ask the system for them.
  void MakeRoom(size_t bytes);

  // Deletes what Process() gave.
  struct Return {
    size_t size = 0;  // of the block
    void operator()(uint8_t* p) const { Process().Give({p, size}); }
  };

  size_t waiting() const;

 private:
  // Frees the oldest blocks until at most `bytes` wait. Needs the lock.
  void Shrink(size_t bytes);

  const size_t limit_;
  // Only ever tried, never waited for: who does not get it goes to the C library. So a lock that
  // another thread held when the process forked stops nobody in the child.
  mutable std::mutex mutex_;
  std::vector<Block> blocks_;  // oldest first
  size_t waiting_ = 0;
  std::atomic<size_t> used_ = 0, most_ = 0;  // bytes of large blocks in use, and most at one time
};

}  // namespace peel

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "src/base/os/source_file.h"
#include "src/base/status.h"

namespace peel::library {

// Reads the parts of a file that headers need, in blocks that are kept, so that what lies close
// together is one call of the system and nothing is read twice. All work is bounded here, whatever
// a file says: the bytes and calls of one file, the boxes, chunks and directories that are looked
// into.
class HeaderReader {
 public:
  explicit HeaderReader(const SourceFile& file);
  // Of bytes that lie in memory and outlive the reader.
  explicit HeaderReader(std::span<const uint8_t> bytes);

  uint64_t size() const { return size_; }

  // Bytes that stay where they are as long as the reader lives. Empty where they do not all lie
  // within the file, where they are more than kMaxView, and after a failure or a limit.
  std::span<const uint8_t> View(uint64_t offset, uint64_t size);
  // The same clipped to the file's end.
  std::span<const uint8_t> ViewUpTo(uint64_t offset, uint64_t size);
  // A few bytes of which none are kept: for a walk over many places that are far from each other.
  bool Peek(uint64_t offset, std::span<uint8_t> to);

  // Counts one directory, box, chunk or segment; false once there were too many.
  bool Step();
  // That something is damaged or was left out, as a sentence. The first one stays.
  void Warn(std::string warning);

  // How much has been asked of the file so far.
  uint64_t bytes_read() const { return kMaxBytes - bytes_left_; }

  // Of reading the file; ok where it has only been found damaged.
  const Status& status() const { return status_; }
  const std::string& warning() const { return warning_; }

  static constexpr uint64_t kMaxView = uint64_t{4} << 20;
  // No camera's or editor's headers come near this; a file that does is after our time.
  static constexpr uint64_t kMaxBytes = uint64_t{32} << 20;

 private:
  struct Block {
    uint64_t offset = 0;
    size_t size = 0;
    std::unique_ptr<uint8_t[]> bytes;
  };

  bool Spend(uint64_t bytes);
  std::span<const uint8_t> Cached(uint64_t offset, uint64_t size) const;

  const SourceFile* file_ = nullptr;
  std::span<const uint8_t> memory_;
  uint64_t size_ = 0;
  std::vector<Block> blocks_;
  uint64_t bytes_left_;
  int calls_left_;
  int steps_left_;
  Status status_;
  std::string warning_;
};

// A part of a file, or of bytes unpacked from one, with offsets of its own.
class Part {
 public:
  Part() = default;
  Part(HeaderReader* reader, uint64_t begin, uint64_t size)
      : reader_(reader), begin_(begin), size_(size) {}
  // `bytes` must outlive the part; `reader` counts and warns.
  Part(HeaderReader* reader, std::span<const uint8_t> bytes)
      : reader_(reader), memory_(bytes), size_(bytes.size()), in_memory_(true) {}

  uint64_t size() const { return size_; }
  HeaderReader* reader() const { return reader_; }
  std::span<const uint8_t> View(uint64_t offset, uint64_t size) const;
  std::span<const uint8_t> ViewUpTo(uint64_t offset, uint64_t size) const;
  Part Sub(uint64_t offset, uint64_t size) const;  // clipped
  Part From(uint64_t offset) const { return Sub(offset, UINT64_MAX); }

 private:
  HeaderReader* reader_ = nullptr;
  std::span<const uint8_t> memory_;
  uint64_t begin_ = 0, size_ = 0;
  bool in_memory_ = false;
};

}  // namespace peel::library

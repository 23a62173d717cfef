#include "src/library/metadata/header_reader.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace peel::library {
namespace {

// The first block holds all of most files' headers; those behind it are of what lies scattered.
constexpr uint64_t kFirstBlock = 16384, kBlock = 4096;
constexpr int kMaxCalls = 100000;
constexpr int kMaxSteps = 200000;
// How many of the latest blocks are searched for what is asked for.
constexpr size_t kSearched = 16;

}  // namespace

HeaderReader::HeaderReader(const SourceFile& file)
    : file_(&file),
      size_(file.size()),
      bytes_left_(kMaxBytes),
      calls_left_(kMaxCalls),
      steps_left_(kMaxSteps) {}

HeaderReader::HeaderReader(std::span<const uint8_t> bytes)
    : memory_(bytes),
      size_(bytes.size()),
      bytes_left_(kMaxBytes),
      calls_left_(kMaxCalls),
      steps_left_(kMaxSteps) {}

bool HeaderReader::Spend(uint64_t bytes) {
  if (!status_.ok()) return false;
  if (calls_left_ == 0 || bytes_left_ < bytes) {
    Warn("the headers are larger than any camera's; what lies behind their first part is left out");
    calls_left_ = 0;
    return false;
  }
  --calls_left_;
  bytes_left_ -= bytes;
  return true;
}

std::span<const uint8_t> HeaderReader::Cached(uint64_t offset, uint64_t size) const {
  const size_t count = blocks_.size();
  const auto within = [&](const Block& block) {
    return offset >= block.offset && offset - block.offset <= block.size &&
           size <= block.size - (offset - block.offset);
  };
  for (size_t i = 0; i < std::min(count, kSearched); ++i) {
    const Block& block = blocks_[count - 1 - i];
    if (within(block)) return {block.bytes.get() + (offset - block.offset), size};
  }
  if (count > kSearched && within(blocks_[0])) return {blocks_[0].bytes.get() + offset, size};
  return {};
}

std::span<const uint8_t> HeaderReader::View(uint64_t offset, uint64_t size) {
  if (size == 0 || size > kMaxView || offset > size_ || size > size_ - offset) return {};
  if (file_ == nullptr) {
    return Spend(0) ? memory_.subspan(offset, size) : std::span<const uint8_t>();
  }
  if (const auto cached = Cached(offset, size); !cached.empty()) return cached;
  Block block;
  block.offset = offset;
  block.size = std::min(std::max(size, blocks_.empty() ? kFirstBlock : kBlock), size_ - offset);
  if (!Spend(block.size)) return {};
  block.bytes.reset(new uint8_t[block.size]);  // not set to zero: it is read into at once
  status_ = file_->Read(offset, block.size, block.bytes.get());
  if (!status_.ok()) return {};
  const std::span<const uint8_t> view(block.bytes.get(), size);
  blocks_.push_back(std::move(block));
  return view;
}

std::span<const uint8_t> HeaderReader::ViewUpTo(uint64_t offset, uint64_t size) {
  if (offset >= size_) return {};
  return View(offset, std::min(size, size_ - offset));
}

bool HeaderReader::Peek(uint64_t offset, std::span<uint8_t> to) {
  if (to.empty() || offset > size_ || to.size() > size_ - offset) return false;
  if (file_ == nullptr) {
    if (!Spend(0)) return false;
    std::memcpy(to.data(), memory_.data() + offset, to.size());
    return true;
  }
  if (const auto cached = Cached(offset, to.size()); !cached.empty()) {
    std::memcpy(to.data(), cached.data(), to.size());
    return true;
  }
  if (!Spend(to.size())) return false;
  status_ = file_->Read(offset, to.size(), to.data());
  return status_.ok();
}

bool HeaderReader::Step() {
  if (steps_left_ == 0) {
    Warn("the headers have more parts than any camera's; those behind are left out");
    return false;
  }
  --steps_left_;
  return status_.ok();
}

void HeaderReader::Warn(std::string warning) {
  if (warning_.empty()) warning_ = std::move(warning);
}

std::span<const uint8_t> Part::View(uint64_t offset, uint64_t size) const {
  if (size == 0 || offset > size_ || size > size_ - offset) return {};
  if (in_memory_) return memory_.subspan(offset, size);
  return reader_ == nullptr ? std::span<const uint8_t>() : reader_->View(begin_ + offset, size);
}

std::span<const uint8_t> Part::ViewUpTo(uint64_t offset, uint64_t size) const {
  if (offset >= size_) return {};
  return View(offset, std::min(size, size_ - offset));
}

Part Part::Sub(uint64_t offset, uint64_t size) const {
  Part part = *this;
  const uint64_t from = std::min(offset, size_);
  part.size_ = std::min(size, size_ - from);
  if (in_memory_) {
    part.memory_ = memory_.subspan(from, part.size_);
  } else {
    part.begin_ = begin_ + from;
  }
  return part;
}

}  // namespace peel::library

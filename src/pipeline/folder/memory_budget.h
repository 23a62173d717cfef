#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <utility>

#include "src/base/status.h"
#include "src/codec/picture.h"
#include "src/pipeline/cut/cut_options.h"

namespace peel {

// Bytes that the pictures at hand may take together. A picture is admitted by what it is going to
// need, before it is decoded; one that needs more than there is at all goes alone.
class MemoryBudget {
 public:
  explicit MemoryBudget(uint64_t limit) : limit_(limit) {}  // 0: no limit

  // Waits until `bytes` more are free or nothing else is admitted.
  void Acquire(uint64_t bytes);
  void Release(uint64_t bytes);

  uint64_t limit() const { return limit_; }
  uint64_t peak() const;  // the most that was admitted at one time

 private:
  const uint64_t limit_;
  mutable std::mutex mutex_;
  std::condition_variable freed_;
  uint64_t used_ = 0, peak_ = 0;
};

// A picture's part of the budget, given back with the picture however it ends.
class Admission {
 public:
  Admission() = default;
  Admission(MemoryBudget& budget, uint64_t bytes) : budget_(&budget), bytes_(bytes) {
    budget.Acquire(bytes);
  }
  Admission(Admission&& o) noexcept : budget_(o.budget_), bytes_(std::exchange(o.bytes_, 0)) {}
  Admission& operator=(Admission&& o) noexcept {
    std::swap(budget_, o.budget_);
    std::swap(bytes_, o.bytes_);
    return *this;
  }
  ~Admission() { ShrinkTo(0); }

  void ShrinkTo(uint64_t bytes) {
    if (bytes >= bytes_) return;
    budget_->Release(bytes_ - bytes);
    bytes_ = bytes;
  }

 private:
  MemoryBudget* budget_ = nullptr;
  uint64_t bytes_ = 0;
};

// The most memory that cutting out this picture takes at one time, its file (file_bytes) included:
// decoded pixels, matte, cut-out and encoder, the network's own memory. An upper estimate from
// measured peaks (docs/internals/folder-runs.md); never less than the file.
uint64_t EstimateMemory(const PictureInfo& info, uint64_t file_bytes, const CutOptions& options);

// What a process takes before its first picture: program, model and its weights laid out, of which
// the file has model_bytes.
uint64_t EstimateBase(uint64_t model_bytes);

}  // namespace peel

#include "src/library/scan_writer.h"

#include <utility>

namespace peel::library {
namespace {

constexpr int kFilesATransaction = 256;
constexpr std::chrono::milliseconds kLongestTransaction{1000};

}  // namespace

ScanWriter::~ScanWriter() {
  if (pending_ > 0) store_.Rollback();
}

Status ScanWriter::Broken(Status status) {
  if (pending_ > 0) store_.Rollback();
  pending_ = 0;
  broken_ = std::move(status);
  return broken_;
}

Status ScanWriter::Do(const std::function<Status(Store&)>& writes) {
  const std::lock_guard lock(mutex_);
  PEEL_RETURN_IF_ERROR(broken_);
  const auto start = std::chrono::steady_clock::now();
  if (pending_ == 0) {
    if (Status begun = store_.Begin(); !begun.ok()) return Broken(std::move(begun));
    begun_ = start;
  }
  ++pending_;
  if (Status written = writes(store_); !written.ok()) return Broken(std::move(written));
  Status committed;
  if (pending_ >= kFilesATransaction || start - begun_ >= kLongestTransaction) {
    committed = CommitLocked();
  }
  seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return committed;
}

Status ScanWriter::Look(const std::function<Status(Store&)>& reads) {
  const std::lock_guard lock(mutex_);
  return reads(store_);
}

Status ScanWriter::Commit() {
  const std::lock_guard lock(mutex_);
  PEEL_RETURN_IF_ERROR(broken_);
  return CommitLocked();
}

Status ScanWriter::CommitLocked() {
  if (pending_ == 0) return OkStatus();
  if (Status committed = store_.Commit(); !committed.ok()) return Broken(std::move(committed));
  pending_ = 0;
  return OkStatus();
}

}  // namespace peel::library

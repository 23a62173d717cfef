#include "src/engine/plan/weights.h"

#include <algorithm>
#include <functional>

namespace peel::engine {
namespace {

// Buffers grow with the model. What is not used of them is never touched and costs no memory.
constexpr size_t kFirstBuffer = size_t{4} << 20, kLargestBuffer = size_t{64} << 20;

}  // namespace

Result<WeightStore::Packed> WeightBatch::Get(const Tensor& source, const Tensor& bias,
                                             const std::string& form, size_t bytes, Pack pack) {
  WeightStore::Key key{source.identity(), bias.identity(),
                       form + "|" + ShapeString(source.shape())};
  for (const Pending& pending : pending_) {
    if (pending.key == key) return WeightStore::Packed(pending.packed);
  }
  {
    std::lock_guard lock(store_.mutex_);
    if (const auto it = store_.entries_.find(key); it != store_.entries_.end()) {
      if (auto packed = it->second.packed.lock()) return packed;
    }
  }
  if (buffer_ == nullptr || buffer_->size() - used_ < bytes) {
    const size_t next = buffer_ ? std::min(2 * buffer_->size(), kLargestBuffer) : kFirstBuffer;
    PEEL_ASSIGN_OR_RETURN(AlignedBuffer buffer, AlignedBuffer::Allocate(std::max(bytes, next)));
    buffer_ = std::make_shared<AlignedBuffer>(std::move(buffer));
    used_ = 0;
  }
  auto packed = std::make_shared<PackedWeights>(buffer_, used_, bytes);
  const size_t end = used_ + bytes + AlignedBuffer::kAlignment - 1;
  used_ = std::min(end - end % AlignedBuffer::kAlignment, buffer_->size());
  pending_.push_back({std::move(key), source, bias, packed, std::move(pack)});
  return WeightStore::Packed(packed);
}

Status WeightBatch::Finish(ThreadPool& pool) {
  // The largest first, so that no thread is left with one when the others are done.
  std::vector<Pending*> order;
  size_t largest = 0;
  for (Pending& pending : pending_) {
    order.push_back(&pending);
    if (pending.bias.deferred()) pending.bias.raw();  // read here, where it may throw
    if (pending.source.deferred()) largest = std::max(largest, pending.source.bytes());
  }
  std::ranges::stable_sort(order, std::ranges::greater(),
                           [](const Pending* p) { return p->packed->size(); });
  // What is late goes to one place for each thread instead of each to its own.
  std::vector<AlignedBuffer> aligned(largest > 0 ? static_cast<size_t>(pool.size()) : 0);
  for (AlignedBuffer& buffer : aligned) {
    PEEL_ASSIGN_OR_RETURN(buffer, AlignedBuffer::Allocate(largest));
  }
  std::vector<Status> reads(order.size(), OkStatus());
  pool.ParallelFor(static_cast<int64_t>(order.size()), [&](int64_t i, int worker) {
    const Pending& pending = *order[static_cast<size_t>(i)];
    const Tensor& source = pending.source;
    if (!source.deferred()) return pending.pack(source.raw(), pending.packed->mutable_data());
    uint8_t* const copy = aligned[static_cast<size_t>(worker)].data();
    Status& read = reads[static_cast<size_t>(i)];
    read = source.CopyTo(copy);
    if (read.ok()) pending.pack(copy, pending.packed->mutable_data());
  });
  for (Status& read : reads) PEEL_RETURN_IF_ERROR(std::move(read));
  std::lock_guard lock(store_.mutex_);
  std::erase_if(store_.entries_, [](const auto& entry) { return entry.second.packed.expired(); });
  for (Pending& pending : pending_) {
    // Another plan may have offered the same meanwhile; each keeps its own copy then.
    store_.entries_.try_emplace(
        std::move(pending.key),
        WeightStore::Entry{std::move(pending.source), std::move(pending.bias), pending.packed});
  }
  pending_.clear();
  return OkStatus();
}

}  // namespace peel::engine

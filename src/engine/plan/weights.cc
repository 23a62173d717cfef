#include "src/engine/plan/weights.h"

#include <algorithm>

#include "src/base/file_pages.h"

namespace peel::engine {
namespace {

// Buffers grow with the model. What is not used of them is never touched and costs no memory.
constexpr size_t kFirstBuffer = size_t{4} << 20, kLargestBuffer = size_t{64} << 20;

}  // namespace

Result<WeightStore::Packed> WeightBatch::Get(const Tensor& source, const Tensor& bias,
                                             const std::string& form, size_t bytes,
                                             std::function<void(void*)> pack) {
  WeightStore::Key key{source.raw(), bias.raw(), form + "|" + ShapeString(source.shape())};
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

void WeightBatch::Drop(const Tensor& source) const {
  const auto* begin = static_cast<const uint8_t*>(source.raw());
  for (const auto& map : maps_) {
    // std::less orders pointers into different objects.
    if (!std::less<>()(begin, map.data()) && std::less<>()(begin, map.data() + map.size())) {
      DropFilePages(begin, source.bytes());
    }
  }
}

void WeightBatch::Finish(ThreadPool& pool) {
  pool.ParallelFor(static_cast<int64_t>(pending_.size()), [&](int64_t i, int) {
    Pending& pending = pending_[static_cast<size_t>(i)];
    pending.pack(pending.packed->mutable_data());
    Drop(pending.source);
  });
  std::lock_guard lock(store_.mutex_);
  std::erase_if(store_.entries_, [](const auto& entry) { return entry.second.packed.expired(); });
  for (Pending& pending : pending_) {
    // Another plan may have offered the same meanwhile; each keeps its own copy then.
    store_.entries_.try_emplace(
        std::move(pending.key),
        WeightStore::Entry{std::move(pending.source), std::move(pending.bias), pending.packed});
  }
  pending_.clear();
}

}  // namespace peel::engine

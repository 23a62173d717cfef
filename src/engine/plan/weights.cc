#include "src/engine/plan/weights.h"

namespace peel::engine {

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
  PEEL_ASSIGN_OR_RETURN(AlignedBuffer buffer, AlignedBuffer::Allocate(bytes));
  auto packed = std::make_shared<AlignedBuffer>(std::move(buffer));
  pending_.push_back({std::move(key), source, bias, packed, std::move(pack)});
  return WeightStore::Packed(packed);
}

void WeightBatch::Finish(ThreadPool& pool) {
  pool.ParallelFor(static_cast<int64_t>(pending_.size()), [&](int64_t i, int) {
    Pending& pending = pending_[static_cast<size_t>(i)];
    pending.pack(pending.packed->data());
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

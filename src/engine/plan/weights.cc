#include "src/engine/plan/weights.h"

namespace peel::engine {

Result<std::shared_ptr<const AlignedBuffer>> WeightStore::Get(const Tensor& source,
                                                              const Tensor& bias,
                                                              const std::string& form, size_t bytes,
                                                              FunctionRef<void(void*)> pack) {
  const Key key{source.raw(), bias.raw(), form + "|" + ShapeString(source.shape())};
  {
    std::lock_guard lock(mutex_);
    if (const auto it = entries_.find(key); it != entries_.end()) {
      if (auto packed = it->second.packed.lock()) return packed;
    }
  }
  PEEL_ASSIGN_OR_RETURN(AlignedBuffer buffer, AlignedBuffer::Allocate(bytes));
  pack(buffer.data());
  auto packed = std::make_shared<const AlignedBuffer>(std::move(buffer));
  std::lock_guard lock(mutex_);
  std::erase_if(entries_, [](const auto& entry) { return entry.second.packed.expired(); });
  Entry& entry = entries_[key];
  if (auto other = entry.packed.lock()) return other;
  entry = {source, bias, packed};
  return packed;
}

}  // namespace peel::engine

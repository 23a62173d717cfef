#include "src/engine/plan/arena.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include "src/base/aligned_buffer.h"
#include "src/base/checked.h"

namespace peel::engine {
namespace {

constexpr uint64_t kAlign = AlignedBuffer::kAlignment;

}  // namespace

Result<uint64_t> AssignOffsets(std::span<Storage> storages) {
  std::vector<size_t> order;
  for (size_t i = 0; i < storages.size(); ++i) {
    if (storages[i].kind == PlannedTensor::Kind::kArena) order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return storages[a].bytes > storages[b].bytes; });
  uint64_t total = 0;
  std::vector<size_t> placed;  // by offset
  for (const size_t i : order) {
    Storage& storage = storages[i];
    if (storage.bytes > (uint64_t{1} << 60)) {
      return LimitExceeded("a tensor is larger than any memory");
    }
    const uint64_t size = std::max((storage.bytes + kAlign - 1) / kAlign * kAlign, kAlign);
    uint64_t end = 0;  // of everything alive at the same time and placed so far
    uint64_t best = UINT64_MAX, best_gap = UINT64_MAX;
    for (const size_t other_index : placed) {
      const Storage& other = storages[other_index];
      if (other.last < storage.first || other.first > storage.last) continue;
      if (other.offset >= end) {
        const uint64_t gap = other.offset - end;
        if (gap >= size && gap < best_gap) {
          best_gap = gap;
          best = end;
        }
      }
      const uint64_t other_size = std::max((other.bytes + kAlign - 1) / kAlign * kAlign, kAlign);
      end = std::max(end, other.offset + other_size);
    }
    storage.offset = best == UINT64_MAX ? end : best;
    const auto storage_end = CheckedAdd(storage.offset, size);
    if (!storage_end) return LimitExceeded("the activations are larger than any memory");
    total = std::max(total, *storage_end);
    placed.insert(std::upper_bound(
                      placed.begin(), placed.end(), i,
                      [&](size_t a, size_t b) { return storages[a].offset < storages[b].offset; }),
                  i);
  }
  return total;
}

}  // namespace peel::engine

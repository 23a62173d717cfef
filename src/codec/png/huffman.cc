#include "src/codec/png/huffman.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace peel {
namespace {

constexpr size_t kMaxSymbols = 288;
constexpr int kMaxBits = 15;

}  // namespace

void MakeHuffmanLengths(std::span<const uint32_t> frequencies, int max_length,
                        std::span<uint8_t> lengths) {
  std::fill(lengths.begin(), lengths.end(), uint8_t{0});
  // Sorted by frequency, ties by symbol.
  std::array<uint64_t, kMaxSymbols> sorted;
  size_t count = 0;
  for (size_t s = 0; s < frequencies.size(); ++s) {
    if (frequencies[s] != 0) sorted[count++] = uint64_t{frequencies[s]} << 16 | s;
  }
  if (count == 0) return;
  if (count == 1) {
    lengths[sorted[0] & 0xFFFF] = 1;
    return;
  }
  std::sort(sorted.begin(), sorted.begin() + static_cast<ptrdiff_t>(count));

  // Two queues: leaves in order, and inner nodes, which come into being in order.
  std::array<uint64_t, kMaxSymbols> weight;
  std::array<uint16_t, 2 * kMaxSymbols> parent;  // of leaves, then of inner nodes
  size_t leaf = 0, inner = 0, made = 0;
  const auto take = [&](size_t node) -> uint64_t {
    if (leaf < count && (inner >= made || (sorted[leaf] >> 16) <= weight[inner])) {
      parent[leaf] = static_cast<uint16_t>(node);
      return sorted[leaf++] >> 16;
    }
    parent[kMaxSymbols + inner] = static_cast<uint16_t>(node);
    return weight[inner++];
  };
  for (; made + 1 < count; ++made) {
    const uint64_t first = take(made);
    weight[made] = first + take(made);
  }

  // How many leaves lie at each depth; those too deep are counted at the limit.
  std::array<uint8_t, kMaxSymbols> depth;
  std::array<uint32_t, kMaxBits + 1> at_depth = {};
  depth[made - 1] = 0;
  for (size_t i = made - 1; i-- > 0;) {
    depth[i] = static_cast<uint8_t>(depth[parent[kMaxSymbols + i]] + 1);
  }
  for (size_t i = 0; i < count; ++i) {
    ++at_depth[static_cast<size_t>(std::min(depth[parent[i]] + 1, max_length))];
  }
  // Then the code is overfull: leaves move down from the deepest level above the limit, each making
  // room beside it for one from the limit, until Kraft's sum is one.
  uint64_t kraft = 0;
  for (int d = 1; d <= max_length; ++d) kraft += uint64_t{at_depth[d]} << (max_length - d);
  while (kraft > uint64_t{1} << max_length) {
    int d = max_length - 1;
    while (at_depth[d] == 0) --d;
    --at_depth[d];
    at_depth[d + 1] += 2;
    --at_depth[max_length];
    --kraft;
  }
  // The rarest symbols get the longest codes.
  size_t i = 0;
  for (int d = max_length; d >= 1; --d) {
    for (uint32_t k = 0; k < at_depth[d]; ++k) {
      lengths[sorted[i++] & 0xFFFF] = static_cast<uint8_t>(d);
    }
  }
}

void MakeHuffmanCodes(std::span<const uint8_t> lengths, std::span<uint16_t> codes) {
  std::array<uint16_t, kMaxBits + 2> next = {};
  for (const uint8_t length : lengths) {
    if (length != 0) ++next[length + 1];
  }
  for (size_t d = 1; d < next.size(); ++d) {
    next[d] = static_cast<uint16_t>((next[d] + next[d - 1]) << 1);
  }
  // next[d] was the count of length d - 1; after the sums it is the first code of length d.
  for (size_t s = 0; s < lengths.size(); ++s) {
    const int length = lengths[s];
    unsigned code = length != 0 ? next[length]++ : 0u;
    unsigned reversed = 0;
    for (int b = 0; b < length; ++b, code >>= 1) reversed = reversed << 1 | (code & 1);
    codes[s] = static_cast<uint16_t>(reversed);
  }
}

}  // namespace peel

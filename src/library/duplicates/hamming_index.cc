#include "src/library/duplicates/hamming_index.h"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <new>
#include <string>

namespace peel::library {
namespace {

uint32_t PartOf(const PdqHash& hash, size_t part) {
  return static_cast<uint32_t>(hash.words[part / 4] >> (part % 4 * 16) & 0xffff);
}

// What to exclusive-or a part with: every value of 16 bits, those with fewest bits first, and where
// those with i bits end.
struct Masks {
  std::vector<uint16_t> values;
  std::array<size_t, 17> ends{};
  Masks() {
    for (int bits = 0; bits <= 3; ++bits) {
      for (uint32_t v = 0; v < 0x10000; ++v) {
        if (std::popcount(v) == bits) values.push_back(static_cast<uint16_t>(v));
      }
      ends[static_cast<size_t>(bits)] = values.size();
    }
  }
};
static_assert(HammingIndex::kMaxRadius / 16 == 3);

}  // namespace

Result<HammingIndex> HammingIndex::Build(std::span<const PdqHash> hashes) {
  if (hashes.size() >= std::numeric_limits<uint32_t>::max()) {
    return LimitExceeded("an index of hashes has room for 4294967294 of them");
  }
  HammingIndex index;
  try {
    index.hashes_.assign(hashes.begin(), hashes.end());
    index.begins_.assign(kParts * (kValues + 1), 0);
    index.rows_.resize(kParts * hashes.size());
  } catch (const std::bad_alloc&) {
    return OutOfMemory("no memory for an index of " + std::to_string(hashes.size()) + " hashes");
  }
  // A counting sort for each part.
  for (size_t part = 0; part < kParts; ++part) {
    uint32_t* const begins = index.begins_.data() + part * (kValues + 1);
    uint32_t* const rows = index.rows_.data() + part * hashes.size();
    for (const PdqHash& hash : hashes) ++begins[PartOf(hash, part) + 1];
    for (size_t v = 0; v < kValues; ++v) begins[v + 1] += begins[v];
    for (size_t row = hashes.size(); row-- > 0;) {
      // Ends become beginnings as the buckets are filled from behind.
      rows[--begins[PartOf(hashes[row], part) + 1]] = static_cast<uint32_t>(row);
    }
    // begins[v + 1] is now where bucket v begins; the end of the last is the end of all.
    std::copy(begins + 1, begins + kValues + 1, begins);
    begins[kValues] = static_cast<uint32_t>(hashes.size());
  }
  return index;
}

void HammingIndex::Search(const PdqHash& query, int radius, int part_bits,
                          std::vector<Match>* matches) const {
  static const Masks kMasks;
  const int limit = std::clamp(radius, 0, kMaxRadius);
  const int near = std::clamp(part_bits, 0, kMaxRadius / 16);
  const size_t first = matches->size();
  for (size_t part = 0; part < kParts; ++part) {
    const uint32_t* const begins = begins_.data() + part * (kValues + 1);
    const uint32_t* const rows = rows_.data() + part * hashes_.size();
    const uint32_t value = PartOf(query, part);
    for (size_t m = 0; m < kMasks.ends[static_cast<size_t>(near)]; ++m) {
      const uint32_t bucket = value ^ kMasks.values[m];
      const uint32_t end = begins[bucket + 1];
      for (uint32_t i = begins[bucket]; i < end; ++i) {
        const PdqHash& hash = hashes_[rows[i]];
        // Half of a chance hash differs by 64 already.
        const int half = std::popcount(hash.words[0] ^ query.words[0]) +
                         std::popcount(hash.words[1] ^ query.words[1]);
        if (half > limit) continue;
        const int distance = half + std::popcount(hash.words[2] ^ query.words[2]) +
                             std::popcount(hash.words[3] ^ query.words[3]);
        if (distance > limit) continue;
        // Parts before this one have found it where they are as near.
        bool found = false;
        for (size_t p = 0; p < part && !found; ++p) {
          found = std::popcount(PartOf(hash, p) ^ PartOf(query, p)) <= near;
        }
        if (!found) matches->push_back({rows[i], distance});
      }
    }
  }
  std::sort(matches->begin() + static_cast<ptrdiff_t>(first), matches->end(),
            [](const Match& a, const Match& b) { return a.row < b.row; });
}

}  // namespace peel::library

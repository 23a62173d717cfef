#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "src/base/status.h"
#include "src/library/duplicates/pdq.h"

namespace peel::library {

// Finds the hashes near a hash without looking at all of them: multi-index hashing (Norouzi,
// Punjani and Fleet, "Fast Search in Hamming Space with Multi-Index Hashing", CVPR 2012). Of 256
// bits at most r of which differ, one of 16 parts of 16 bits has at most r / 16 that do; so a table
// for each part is looked up at its own value and at those near it. Exact for every radius; the
// work grows with the radius by steps of 16 (17 look-ups a part below 32, 137 below 48).
class HammingIndex {
 public:
  struct Match {
    uint32_t row;  // of the hashes given to Build
    int distance;
    bool operator==(const Match&) const = default;
  };

  static constexpr int kMaxRadius = 63;

  // Keeps a copy: 96 bytes a hash, and 4 MiB. Fewer than 2^32 hashes; kLimit, kOutOfMemory.
  static Result<HammingIndex> Build(std::span<const PdqHash> hashes);

  // Appends all rows with a distance of at most `radius` (0 to kMaxRadius), each once, by row.
  // Any number of threads at the same time.
  void Search(const PdqHash& query, int radius, std::vector<Match>* matches) const {
    Search(query, radius, radius / 16, matches);
  }

  // The same by tables that are looked up only at values with at most `part_bits` (0 to 3) other
  // bits: with less than radius / 16 most, not all. With one bit 99.5 % of what is 40 away and 97 %
  // of what is 48 away are found, at an eighth of the cost.
  void Search(const PdqHash& query, int radius, int part_bits, std::vector<Match>* matches) const;

  size_t size() const { return hashes_.size(); }

 private:
  static constexpr size_t kParts = 16;
  static constexpr size_t kValues = size_t{1} << 16;

  std::vector<PdqHash> hashes_;
  std::vector<uint32_t> begins_;  // of each part's buckets, kValues + 1 a part, within that part
  std::vector<uint32_t> rows_;    // by bucket, part after part
};

}  // namespace peel::library

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "src/base/thread_pool.h"
#include "src/library/duplicates/best_shot.h"
#include "src/library/duplicates/cosine_scan.h"
#include "src/library/duplicates/pdq.h"

namespace peel::library {

enum class Tier {
  kExact,    // the same bytes
  kSame,     // the same capture: re-encoded, resized, turned, mirrored, cropped or edited a little
  kSimilar,  // the same thing to the eye of a network
};
const char* TierName(Tier tier);  // "exact", "same", "similar"

constexpr int64_t kNoTime = std::numeric_limits<int64_t>::min();

// One picture, small enough for a million of them in memory.
struct DuplicateItem {
  uint64_t content_hash = 0;   // of the whole file (Hash64); 0: not known, then never exact
  PdqHash hash;                // upright
  int hash_quality = 0;        // PdqHashes::quality; below 50 the hash is not used
  uint64_t camera = 0;         // Hash64 of its make and model; 0: not known
  int64_t taken_ms = kNoTime;  // the camera's clock, milliseconds since 1970 there
  ShotFacts facts;             // width and height as displayed
};

struct DuplicateOptions {
  // The greatest distance in bits of the hash in any orientation, and of that of a crop. PDQ's own
  // advice is 31; pictures of a few hundred pixels and their halves are further apart. What is lost
  // and wrongly linked at which distance: docs/internals/duplicates.md.
  int same_distance = 40;
  int crop_distance = 40;
  float similar_cosine = 0.9f;  // of the embeddings
};

struct GroupMember {
  size_t item = 0;  // of those given
  // Exact: 0. Same: bits from the group's centre, the member that all others are linked to (of two
  // members: from the best). Similar: 1 less the cosine with it.
  float distance = 0;
  bool best = false;
  std::string reason;  // the best one's, else empty
};

struct DuplicateGroup {
  Tier tier = Tier::kExact;
  std::vector<GroupMember> members;  // two or more; the best first, then by distance, then by item
};

// The hashes of one item in all orientations and crops, which are too many to hold for all. Called
// once an item, from the pool's threads at the same time.
using HashesOf = std::function<Result<PdqHashes>(size_t item)>;

// Groups of all tiers, exact ones first, each tier by its first item. An item is in one group of a
// tier at most. The same tier has one file of each exact group (its best), the similar tier one of
// each group of the same tier: a look-alike is not told again for every copy.
//
// Links are no groups yet: a chain of small differences leads from anything to anything. A group is
// a centre and what is linked to the centre itself; the centre is the item with most links, and
// what remains makes groups of its own.
//
// Two files of one capture have the same proportions within 8 % (turned, where the hash is that of
// a turned picture), one camera and one time on its clock, where both tell them: frames of a burst,
// near as their hashes are, are linked as similar at most.
//
// embeddings: a row an item, zeros where there is none; or empty: no similar tier. kOutOfMemory and
// what hashes_of says.
Result<std::vector<DuplicateGroup>> FindDuplicates(std::span<const DuplicateItem> items,
                                                   const HashesOf& hashes_of,
                                                   const HalfRows& embeddings,
                                                   const DuplicateOptions& options,
                                                   ThreadPool* pool = nullptr);

}  // namespace peel::library

#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "src/base/status.h"
#include "src/base/thread_pool.h"
#include "src/library/duplicates/pdq.h"
#include "src/library/search/text_search.h"
#include "src/library/store/store.h"

namespace peel::library {

// Pictures whose embedding has the highest cosine with this one (of length 1), at least `least`;
// best first. Looks at every row, a block at a time: memory does not grow with the library.
// kInvalidArgument where the library has embeddings of other sizes alone: of another network.
Result<std::vector<FoundPhoto>> FindByEmbedding(Store& store, std::span<const float> embedding,
                                                size_t limit, float least, ThreadPool* pool);

// Pictures whose hash differs from one of these (eight orientations, crops) in at most `most`
// of 256 bits; nearest first. The score is 1 - bits / 256.
Result<std::vector<FoundPhoto>> FindByHash(Store& store, const PdqHashes& hashes, size_t limit,
                                           int most);

}  // namespace peel::library

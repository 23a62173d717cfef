#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "src/base/cancel.h"
#include "src/base/status.h"
#include "src/library/store/store.h"

namespace peel::library {

// How many of each there are now.
struct GroupFigures {
  std::array<size_t, 3> duplicate_groups{};  // exact, same, similar
  size_t stacks = 0;
  size_t films_of_stills = 0;  // films of live photos
  std::string left_out;        // what could not be looked for, as a sentence; "" where nothing
};

// Finds duplicates and stacks among all files of the library that are there, and puts them in the
// place of those that it has. memory: bytes that embeddings may take; where they need more,
// look-alikes are not looked for (0: no limit).
Result<GroupFigures> WriteGroups(Store& store, int threads, uint64_t memory,
                                 const CancelToken* stop);

}  // namespace peel::library

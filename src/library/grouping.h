#pragma once

#include <array>
#include <cstddef>

#include "src/base/cancel.h"
#include "src/base/status.h"
#include "src/library/store/store.h"

namespace peel::library {

// How many of each there are now.
struct GroupFigures {
  std::array<size_t, 3> duplicate_groups{};  // exact, same, similar
  size_t stacks = 0;
};

// Finds duplicates and stacks among all files of the library that are there, and puts them in the
// place of those that it has.
Result<GroupFigures> WriteGroups(Store& store, const CancelToken* stop);

}  // namespace peel::library

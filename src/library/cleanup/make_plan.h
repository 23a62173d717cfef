#pragma once

#include <string_view>
#include <vector>

#include "src/base/status.h"
#include "src/library/cleanup/plan.h"
#include "src/library/store/store.h"

namespace peel::library {

// The library's groups of a tier ("" for all) without files that are gone: the best one is kept,
// the others are to be moved. A file is in one group alone: of the strictest tier that has it, so
// that nothing is planned twice. merge: what the others know and the best one does not is to be
// written beside it.
Result<std::vector<PlannedGroup>> MakePlan(Store& store, std::string_view tier, bool merge);

}  // namespace peel::library

#pragma once

#include "apps/peel/command_line.h"
#include "src/pipeline/folder/settings_hash.h"

namespace peel {

// All options but those known to leave the results' bytes alone (where results go, how the work is
// divided, what is told about it), so that an option that nobody thought of here counts.
TypedOptions OptionsThatCount(const Command& command);

}  // namespace peel

#pragma once

#include "apps/peel/command_line.h"

namespace peel {

// Adds `scan`: a folder of pictures described, judged and searched for duplicates, with its
// sub-commands.
void AddScanCommand(Command& app, int* exit_code);

}  // namespace peel

#pragma once

#include "apps/peel/command_line.h"

namespace peel {

// Adds `scan duplicates`: groups of duplicates told, planned, moved or linked.
void AddScanDuplicatesCommand(Command& scan, int* exit_code);

}  // namespace peel

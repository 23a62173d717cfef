#pragma once

#include "apps/peel/command_line.h"

namespace peel {

// Adds `scan bench`: what a scan gains over doing each phase plainly, and whether it says the same.
void AddScanBenchCommand(Command& scan, int* exit_code);

}  // namespace peel

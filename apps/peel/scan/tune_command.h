#pragma once

#include "apps/peel/command_line.h"

namespace peel {

// Adds `scan tune`: what is fastest for a folder, measured and kept.
void AddScanTuneCommand(Command& scan, int* exit_code);

}  // namespace peel

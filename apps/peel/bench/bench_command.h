#pragma once

#include "apps/peel/command_line.h"

namespace peel {

// Adds `bench`: which device, precision and model is fastest on this machine, and still right.
void AddBenchCommand(Command& app, int* exit_code);

}  // namespace peel

#pragma once

#include "apps/peel/command_line.h"

namespace peel {

// Adds `quantize`. Its callback runs while the command line is parsed and leaves the program's exit
// code in *exit_code.
void AddQuantizeCommand(Command& app, int* exit_code);

}  // namespace peel

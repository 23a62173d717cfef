#pragma once

#include "apps/peel/command_line.h"

namespace peel {

// Adds `video`: cut-outs of films. The callback leaves the program's exit code in *exit_code.
void AddVideoCommand(Command& app, int* exit_code);

}  // namespace peel

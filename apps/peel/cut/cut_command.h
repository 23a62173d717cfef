#pragma once

#include "apps/peel/command_line.h"

namespace peel {

// Adds `cut`, which is what Peel does when no command is given. The callback leaves the program's
// exit code in *exit_code.
void AddCutCommand(Command& app, int* exit_code);

}  // namespace peel

#pragma once

#include "apps/peel/command_line.h"

namespace peel {

// Adds `doctor`: what this machine has, what Peel makes of it, and why it makes no more.
void AddDoctorCommand(Command& app, int* exit_code);

}  // namespace peel

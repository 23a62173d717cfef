#pragma once

#include "apps/peel/command_line.h"

namespace peel {

// Adds `rectify`: documents, products and screens straightened.
void AddRectifyCommand(Command& app, int* exit_code);

}  // namespace peel

#pragma once

#include "apps/peel/command_line.h"

namespace peel {

// `peel stream`: pictures, or raw frames, one after the other on standard input.
void AddStreamCommand(Command& app, int* exit_code);

}  // namespace peel

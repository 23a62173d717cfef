#pragma once

#include "apps/peel/command_line.h"

namespace peel {

// Adds `scan find`: pictures of a library by words, by likeness or by SQL.
void AddScanFindCommand(Command& scan, int* exit_code);

}  // namespace peel

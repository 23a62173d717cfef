#pragma once

#include "apps/peel/command_line.h"

namespace peel {

// `peel serve`: the service over HTTP (src/server).
void AddServeCommand(Command& app, int* exit_code);

}  // namespace peel

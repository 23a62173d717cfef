#pragma once

#include <string_view>

#include "apps/peel/command_line.h"

namespace peel {

// How the service starts the process that forks its workers: it is this program.
inline constexpr std::string_view kZygoteCommand = "serve-zygote";
int RunServeZygote();

// `peel serve`: the service over HTTP (src/server).
void AddServeCommand(Command& app, int* exit_code);

}  // namespace peel

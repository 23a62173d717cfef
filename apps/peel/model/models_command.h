#pragma once

#include <string>
#include "apps/peel/command_line.h"

namespace peel {

// Adds `models list|info|verify|pull`.
void AddModelsCommand(Command& app, int* exit_code);

// `models pull`: what opens a connection. sha256: what the file must have, "" for
// what the catalogue knows. Returns the exit code.
int PullModel(const std::string& name_or_url, const std::string& sha256);

}  // namespace peel

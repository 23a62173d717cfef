#pragma once

#include <CLI/CLI.hpp>

namespace peel {

// Adds `quantize`. Its callback runs while the command line is parsed and leaves the program's exit
// code in *exit_code.
void AddQuantizeCommand(CLI::App& app, int* exit_code);

}  // namespace peel

#pragma once

#include <CLI/CLI.hpp>

namespace peel {

// Adds `bench`: which device, precision and model is fastest on this machine, and still right.
void AddBenchCommand(CLI::App& app, int* exit_code);

}  // namespace peel

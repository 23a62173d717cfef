#pragma once

#include <CLI/CLI.hpp>

namespace peel {

// Adds `doctor`: what this machine has, what Peel makes of it, and why it makes no more.
void AddDoctorCommand(CLI::App& app, int* exit_code);

}  // namespace peel

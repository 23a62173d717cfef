#pragma once

#include <CLI/CLI.hpp>

namespace peel {

// `peel stream`: pictures, or raw frames, one after the other on standard input.
void AddStreamCommand(CLI::App& app, int* exit_code);

}  // namespace peel

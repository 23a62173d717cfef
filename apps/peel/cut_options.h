#pragma once

#include <CLI/CLI.hpp>

#include "apps/peel/cut_run.h"
#include "src/base/status.h"

// The groups of options that `cut` and `stream` have in common.
namespace peel {

void AddEncodingOptions(CLI::App& command, CutArguments& arguments);
void AddPictureOptions(CLI::App& command, CutArguments& arguments);
void AddMattingOptions(CLI::App& command, CutArguments& arguments);
void AddModelOptions(CLI::App& command, CutArguments& arguments);

// What the configuration (config.h) says and the command line does not. It counts for results as
// if it were typed. Errors: ReadConfig's.
Status TakeConfig(const CLI::App& command, CutArguments& arguments);

}  // namespace peel

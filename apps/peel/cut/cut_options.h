#pragma once

#include "apps/peel/command_line.h"

#include "apps/peel/cut/cut_run.h"
#include "src/base/status.h"

// The groups of options that `cut` and `stream` have in common.
namespace peel {

void AddEncodingOptions(Command& command, CutArguments& arguments);
void AddPictureOptions(Command& command, CutArguments& arguments);
void AddMattingOptions(Command& command, CutArguments& arguments);
void AddModelOptions(Command& command, CutArguments& arguments);

// What the configuration (config.h) says and the command line does not. It counts for results as
// if it were typed. Errors: ReadConfig's.
Status TakeConfig(const Command& command, CutArguments& arguments);

}  // namespace peel

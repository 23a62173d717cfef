#pragma once

#include "apps/peel/command_line.h"

#include "apps/peel/cut/cut_run.h"

// The groups of options that `cut` and `stream` have in common.
namespace peel {

void AddEncodingOptions(Command& command, CutArguments& arguments);
void AddPictureOptions(Command& command, CutArguments& arguments);
void AddMattingOptions(Command& command, CutArguments& arguments);
void AddModelOptions(Command& command, CutArguments& arguments);

// Fills in from the configuration (config.h) what the command line leaves open; that counts for
// results as if it were typed. False for a configuration that ReadConfig refuses: the error is then
// printed and *exit_code set.
bool ApplyConfig(const Command& command, CutArguments& arguments, int* exit_code);

}  // namespace peel

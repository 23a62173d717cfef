#pragma once

#include "apps/peel/command_line.h"

#include "apps/peel/cut/cut_run.h"

// The groups of options that `cut`, `rectify` and `stream` have in common.
namespace peel {

void AddInputs(Command& command, CutArguments& arguments);
// Where results of files go, and in which format.
void AddOutputOptions(Command& command, CutArguments& arguments);
// watch: the command knows --watch.
void AddFolderOptions(Command& command, CutArguments& arguments, bool watch = true);
void AddAnimationOption(Command& command, CutArguments& arguments);
void AddSizeLimits(Command& command, CutArguments& arguments, const char* group);
void AddEncodingOptions(Command& command, CutArguments& arguments);
void AddPictureOptions(Command& command, CutArguments& arguments);
void AddMattingOptions(Command& command, CutArguments& arguments);
void AddModelOptions(Command& command, CutArguments& arguments);

// Fills in from the configuration (config.h) what the command line leaves open; that counts for
// results as if it were typed. False for a configuration that ReadConfig refuses: the error is then
// printed and *exit_code set.
bool ApplyConfig(const Command& command, CutArguments& arguments, int* exit_code);

}  // namespace peel

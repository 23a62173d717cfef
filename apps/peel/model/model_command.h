#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "apps/peel/command_line.h"
#include "src/base/status.h"

namespace peel {

// Adds `model run`, `model info` and `model tune`. Their callbacks run while the command line is
// parsed and leave the program's exit code in *exit_code: 0 done, 2 wrong usage, 3 nothing could be
// done.
void AddModelCommand(Command& app, int* exit_code);

// Parts of the above, one file each.
void AddModelRun(Command& model, int* exit_code);
void AddModelInfo(Command& model, int* exit_code);
void AddModelTune(Command& model, int* exit_code);

// "1,3,320,320" as extents; kInvalidArgument where it is something else.
Result<std::vector<int64_t>> ParseShape(const std::string& text);
// "NAME=VALUE" split at the first '='; kInvalidArgument, naming the option, without one.
Result<std::pair<std::string, std::string>> SplitPair(const char* option, const std::string& text);

// Prints "peel: error: ..." on stderr and returns the exit code that product.md gives to the code.
int ReportFailure(const Status& status);

}  // namespace peel

#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>
#include "apps/peel/command_line.h"

namespace peel {

// The options of a command line as typed that results depend on: name and values.
using TypedOptions = std::vector<std::pair<std::string, std::vector<std::string>>>;

// All options but those known to leave the results' bytes alone (where results go, how the work is
// divided, what is told about it), so that an option that nobody thought of here counts.
TypedOptions OptionsThatCount(const Command& command);

// A hash of everything but the picture that a result's bytes depend on: Peel's version, the model's
// content, the options; files that options name count by their content.
uint64_t SettingsHash(const TypedOptions& options, const std::string& model);

// Bytes of the model's file (of the embedded one too); 0 where there is none.
uint64_t ModelBytes(const std::string& model);

}  // namespace peel

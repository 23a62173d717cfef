#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace peel {

// The options of a command line as typed that results depend on, sorted: name and values.
using TypedOptions = std::vector<std::pair<std::string, std::vector<std::string>>>;

// A hash of everything but the picture that a result's bytes depend on: Peel's version, the model's
// content, the options; files that options name count by their content.
uint64_t SettingsHash(std::string_view version, const TypedOptions& options,
                      const std::string& model);

// Bytes of the model's file (of the embedded one too); 0 where there is none.
uint64_t ModelBytes(const std::string& model);

}  // namespace peel

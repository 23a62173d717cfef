#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/status.h"
#include "src/pipeline/folder/inputs.h"

namespace peel::library {

// The names that a scan is given, as absolute ones without links on their way, so that a library
// knows a file by one name however its folder is reached. Links inside of the folders are kept.
struct ScanRoots {
  std::vector<std::string> names;    // that exist
  std::vector<InputFailure> errors;  // that do not, or cannot be looked at
  // Whether the path is one of the names or lies in one of them.
  bool Contain(std::string_view path) const;
};
ScanRoots FindRoots(const std::vector<std::string>& inputs);

// FOLDER/.peel/library.db of the first folder that is named; kInvalidArgument where none is.
Result<std::string> DefaultDatabase(const std::vector<std::string>& inputs);

}  // namespace peel::library

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "src/base/status.h"

namespace peel::library {

// The files of the rows of `photos` that an SQL condition is true of, in the order of their paths,
// at most `limit`. The condition runs on a connection of its own that reads and nothing else: no
// writing, no other databases, no extensions, no values over 10 MB, and no longer than `time`.
// kInvalidArgument with SQLite's reason for a condition that is none, kLimit after that time.
Result<std::vector<int64_t>> FindBySql(const std::string& database, const std::string& condition,
                                       size_t limit,
                                       std::chrono::milliseconds time = std::chrono::seconds(30));

}  // namespace peel::library

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace peel {

// Who makes a temporary file. Process numbers mean something only among processes that see each
// other, and several machines and containers may write to one network file system.
struct FileMaker {
  uint64_t space = 0;  // hash of ProcessSpace() (process.h)
  int process = 0;
  uint64_t started = 0;  // as ProcessStart() tells it, as numbers are used again; 0: unknown

  bool operator==(const FileMaker&) const = default;
};

// What this process writes into the names of its own.
FileMaker ThisProcess();

// A name beside `path` that no other file has; `maker` is this process but in tests.
std::string TemporaryName(const std::string& path, const FileMaker& maker = ThisProcess());

// The maker of a file with such a name; nullopt for any other name. Names of an older form tell
// no maker: space 0.
std::optional<FileMaker> MakerOf(std::string_view name);

// Removes the temporary files, and folders with all that is in them, that killed processes left in
// this folder (films and their frames; pictures where a file system has no nameless files, or an
// output was being replaced): untouched for a minute, of processes that are no more; and whoever
// made them, untouched for a week.
void RemoveStaleTemporaries(const std::string& folder);

}  // namespace peel

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "apps/peel/command_line.h"
#include "apps/peel/console.h"
#include "src/base/status.h"
#include "src/library/scan_options.h"

namespace peel {

// The command line of `peel scan`, and of its sub-commands that run networks.
struct ScanArguments {
  std::vector<std::string> inputs;
  std::string db, phases = "1,2,3", memory, device, precision, clip, report, progress = "auto";
  std::vector<std::string> exports;
  std::string shard;  // is refused
  std::optional<int> jobs, batch;
  bool recursive = false, no_recursive = false;
  bool watch = false, forget = false, strict = false, quiet = false, verbose = false;
  int sample = 64;  // of tune and bench
};

// Options that `scan`, `scan tune` and `scan bench` share.
void AddScanRunOptions(Command& command, ScanArguments& a);

// What the arguments ask for, with what they leave open taken from the folder's
// optimized_config.yaml, then from the user's configuration. kInvalidArgument says what is wrong;
// kCorrupt for a file that cannot be read.
Result<library::ScanOptions> MakeScanOptions(const ScanArguments& a);

Console::Progress ProgressOf(const std::string& text);

}  // namespace peel

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "src/base/status.h"

namespace peel {

// What `scan tune` has found best for a folder on this machine: FOLDER/.peel/optimized_config.yaml,
// which later scans take where their command line says nothing.
//   jobs: 1 to 256     batch: 1 to 24     precision: as --precision
struct TunedScan {
  std::string path;  // where it was read; "" where there is none
  std::optional<int> jobs, batch;
  std::string precision;
};

// Of the first folder among the inputs; "" where there is none.
std::string TunedScanPath(const std::vector<std::string>& inputs);

// Nothing for a file that is not there. kCorrupt, kInvalidArgument name file and line, and how to
// do without.
Result<TunedScan> ReadTunedScan(const std::string& path);

// Writes tuned.path, whole or not at all; `figures` are lines of comment.
Status WriteTunedScan(const TunedScan& tuned, const std::vector<std::string>& figures);

}  // namespace peel

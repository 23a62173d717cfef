#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "src/base/status.h"

namespace peel::server {

// One file in a ZIP.
struct ZipEntry {
  std::string name;
  std::span<const uint8_t> bytes;
};

// A ZIP archive of files that are compressed already and go in as they are. The date is the format's
// first, so that the same files give the same bytes. kLimit for what needs ZIP64 (4 GiB).
Result<std::vector<uint8_t>> WriteZip(std::span<const ZipEntry> entries);

}  // namespace peel::server

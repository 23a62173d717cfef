#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "src/base/status.h"

namespace peel::server {

// A ZIP archive of files that are compressed already and go in as they are, made piece by piece.
// The date is the format's first, so that the same files give the same bytes. Names are UTF-8.
class ZipWriter {
 public:
  // The archive's next piece. kLimit for what would need ZIP64 (4 GiB, 65,535 files): the archive
  // is then as it was before.
  Result<std::string> Add(const std::string& name, std::span<const uint8_t> bytes);
  // The last piece; nothing may be added after it.
  std::string End();

 private:
  std::string directory_;
  uint64_t written_ = 0;
  uint16_t entries_ = 0;
};

// One file in a ZIP.
struct ZipEntry {
  std::string name;
  std::span<const uint8_t> bytes;
};

// All at once.
Result<std::vector<uint8_t>> WriteZip(std::span<const ZipEntry> entries);

}  // namespace peel::server

#pragma once

#include <string>
#include <vector>

namespace peel {

// A format and what stands behind it here, for `peel doctor`.
struct CodecInfo {
  const char* format;
  bool reads, writes;
  std::string library;  // its name and version, or why it is not there
};

// Opens every library that is opened at first use.
std::vector<CodecInfo> ListCodecs();

}  // namespace peel

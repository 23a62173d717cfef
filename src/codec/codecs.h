#pragma once

#include <string>
#include <vector>

#include "src/codec/sniff.h"

namespace peel {

// A format and the library that reads it here, for `peel doctor`.
struct CodecInfo {
  const char* format;
  bool reads, writes;
  std::string library;  // its name and version, or why it is not there
};

// Opens every library that is opened at first use.
std::vector<CodecInfo> ListCodecs();

// "libheif 1.15.1": what decodes a format whose library is opened at first use, and opens it; for
// the other formats, and where the library is not there, the format's name.
std::string LibraryOf(Format format);

}  // namespace peel

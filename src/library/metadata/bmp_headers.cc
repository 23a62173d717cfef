#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "src/codec/bytes.h"
#include "src/library/metadata/colour_names.h"
#include "src/library/metadata/format_headers.h"

namespace peel::library {

Status ReadBmpHeaders(HeaderReader* file, PhotoFacts* facts) {
  constexpr uint64_t kFileHeader = 14;
  constexpr uint32_t kOldHeader = 12, kV4Header = 108, kV5Header = 124;
  const auto start = file->ViewUpTo(0, 2);
  // OS/2's array of bitmaps has a header of the same size before the first one's.
  const uint64_t at = kFileHeader + (start.size() == 2 && start[1] == 'A' ? kFileHeader : 0);
  const auto size_bytes = file->View(at, 4);
  if (size_bytes.empty()) return Corrupt("the BMP ends within its header");
  const uint32_t size = ReadLittle32(size_bytes.data());
  const auto header = file->ViewUpTo(at, std::min<uint32_t>(size, kV5Header));
  int64_t width = 0, height = 0;
  if (size == kOldHeader && header.size() >= kOldHeader) {
    width = ReadLittle16(header.data() + 4);
    height = ReadLittle16(header.data() + 6);
  } else if (size >= 16 && header.size() >= 16) {
    width = static_cast<int32_t>(ReadLittle32(header.data() + 4));
    height = std::abs(int64_t{static_cast<int32_t>(ReadLittle32(header.data() + 8))});
  }
  if (width <= 0 || height <= 0 || height > INT32_MAX) {
    return Corrupt("the BMP's header says an impossible size");
  }
  facts->width = static_cast<int>(width);
  facts->height = static_cast<int>(height);
  if (header.size() >= kV4Header) {
    if (std::memcmp(header.data() + 56, "BGRs", 4) == 0) facts->colours_named = "sRGB";
    if (header.size() >= kV5Header && std::memcmp(header.data() + 56, "DEBM", 4) == 0) {
      const uint64_t profile = at + ReadLittle32(header.data() + 112);
      const uint64_t bytes = ReadLittle32(header.data() + 116);
      facts->icc_name = IccDescription(file->ViewUpTo(profile, std::min<uint64_t>(bytes, 1 << 20)));
    }
  }
  return OkStatus();
}

}  // namespace peel::library

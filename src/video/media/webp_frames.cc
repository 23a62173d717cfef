#include "src/video/media/webp_frames.h"

#include <string_view>

namespace peel::video {
namespace {

uint32_t Little(std::span<const uint8_t> bytes, size_t at, int count) {
  uint32_t value = 0;
  for (int i = count - 1; i >= 0; --i) value = value << 8 | bytes[at + static_cast<size_t>(i)];
  return value;
}

bool Is(std::span<const uint8_t> bytes, size_t at, std::string_view mark) {
  return std::string_view(reinterpret_cast<const char*>(bytes.data()) + at, mark.size()) == mark;
}

}  // namespace

Result<WebpFrames> ReadWebpFrames(std::span<const uint8_t> bytes) {
  if (bytes.size() < 20 || !Is(bytes, 0, "RIFF") || !Is(bytes, 8, "WEBP")) {
    return Corrupt("is no WebP file");
  }
  if (uint64_t{Little(bytes, 4, 4)} + 8 != bytes.size()) return Corrupt("the WebP file is torn");
  WebpFrames found;
  int64_t stills = 0;
  for (size_t at = 12; at < bytes.size();) {
    if (bytes.size() - at < 8) return Corrupt("the WebP file is torn");
    const uint64_t size = Little(bytes, at + 4, 4);
    const uint64_t padded = size + (size & 1);
    if (padded > bytes.size() - at - 8) return Corrupt("the WebP file is torn");
    const size_t content = at + 8;
    if (Is(bytes, at, "VP8X") && size >= 10) {
      found.alpha = (bytes[content] & 0x10) != 0;
      found.width = static_cast<int>(Little(bytes, content + 4, 3)) + 1;
      found.height = static_cast<int>(Little(bytes, content + 7, 3)) + 1;
    } else if (Is(bytes, at, "ANMF") && size >= 16) {
      ++found.frames;
      found.milliseconds += Little(bytes, content + 12, 3);
    } else if (Is(bytes, at, "VP8 ") && size >= 10) {
      ++stills;
      if (found.width == 0) {
        found.width = static_cast<int>(Little(bytes, content + 6, 2) & 0x3FFF);
        found.height = static_cast<int>(Little(bytes, content + 8, 2) & 0x3FFF);
      }
    } else if (Is(bytes, at, "VP8L") && size >= 5) {
      ++stills;
      const uint32_t bits = Little(bytes, content + 1, 4);
      if (found.width == 0) {
        found.width = static_cast<int>(bits & 0x3FFF) + 1;
        found.height = static_cast<int>(bits >> 14 & 0x3FFF) + 1;
        found.alpha = (bits >> 28 & 1) != 0;
      }
    }
    at = content + static_cast<size_t>(padded);
  }
  if (found.frames == 0) found.frames = stills;
  if (found.frames == 0) return Corrupt("the WebP file has no picture in it");
  return found;
}

}  // namespace peel::video

#include "src/server/work/header.h"

#include <cstdlib>
#include <cstring>

#include "src/codec/sniff.h"

namespace peel::server {
namespace {

using Bytes = std::span<const uint8_t>;

// Numbers at a place that is known to be there.
uint32_t Big16(Bytes b, size_t at) { return uint32_t{b[at]} << 8 | b[at + 1]; }
uint32_t Big32(Bytes b, size_t at) { return Big16(b, at) << 16 | Big16(b, at + 2); }
uint32_t Little16(Bytes b, size_t at) { return uint32_t{b[at + 1]} << 8 | b[at]; }
uint32_t Little24(Bytes b, size_t at) { return Little16(b, at) | uint32_t{b[at + 2]} << 16; }
uint32_t Little32(Bytes b, size_t at) { return Little16(b, at) | Little16(b, at + 2) << 16; }

bool Says(Bytes b, size_t at, const char* four) { return std::memcmp(&b[at], four, 4) == 0; }

// A frame header of any coding process but the differential and lossless ones nobody reads.
bool IsFrame(uint8_t marker) {
  return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}

bool JpegSize(Bytes b, PictureInfo& info) {
  for (size_t at = 2; at + 4 <= b.size();) {
    if (b[at] != 0xFF) return false;
    const uint8_t marker = b[at + 1];
    if (marker == 0xFF) {  // fill
      ++at;
      continue;
    }
    if (marker == 0x01 || (marker >= 0xD0 && marker <= 0xD8)) {
      at += 2;
      continue;
    }
    if (marker == 0xD9 || marker == 0xDA) return false;
    if (IsFrame(marker)) {
      if (at + 9 > b.size()) return false;
      info.bits = b[at + 4];
      info.height = static_cast<int>(Big16(b, at + 5));
      info.width = static_cast<int>(Big16(b, at + 7));
      return true;
    }
    const uint32_t length = Big16(b, at + 2);
    if (length < 2) return false;
    at += 2 + size_t{length};
  }
  return false;
}

bool PngSize(Bytes b, PictureInfo& info) {
  if (b.size() < 29 || !Says(b, 12, "IHDR")) return false;
  info.width = static_cast<int>(Big32(b, 16) & INT32_MAX);
  info.height = static_cast<int>(Big32(b, 20) & INT32_MAX);
  info.bits = b[24];
  return true;
}

bool WebpSize(Bytes b, PictureInfo& info) {
  if (b.size() < 30) return false;
  if (Says(b, 12, "VP8X")) {
    info.width = static_cast<int>(Little24(b, 24)) + 1;
    info.height = static_cast<int>(Little24(b, 27)) + 1;
    if ((b[20] & 2) != 0) info.frames = 2;
    return true;
  }
  if (Says(b, 12, "VP8L") && b[20] == 0x2F) {
    const uint32_t packed = Little32(b, 21);
    info.width = static_cast<int>(packed & 0x3FFF) + 1;
    info.height = static_cast<int>(packed >> 14 & 0x3FFF) + 1;
    return true;
  }
  if (Says(b, 12, "VP8 ") && b[23] == 0x9D && b[24] == 0x01 && b[25] == 0x2A) {
    info.width = static_cast<int>(Little16(b, 26) & 0x3FFF);
    info.height = static_cast<int>(Little16(b, 28) & 0x3FFF);
    return true;
  }
  return false;
}

bool BmpSize(Bytes b, PictureInfo& info) {
  if (b.size() < 26) return false;
  if (Little32(b, 14) == 12) {
    info.width = static_cast<int>(Little16(b, 18));
    info.height = static_cast<int>(Little16(b, 20));
    return true;
  }
  const auto width = static_cast<int32_t>(Little32(b, 18));
  const auto height = static_cast<int32_t>(Little32(b, 22));
  if (width == INT32_MIN || height == INT32_MIN) return false;
  info.width = std::abs(width);
  info.height = std::abs(height);  // negative: from the top
  return true;
}

}  // namespace

std::optional<PictureInfo> ReadHeader(Bytes file) {
  PictureInfo info;
  info.format = Sniff(file);
  const bool known = [&] {
    switch (info.format) {
      case Format::kJpeg:
        return JpegSize(file, info);
      case Format::kPng:
        return PngSize(file, info);
      case Format::kWebp:
        return WebpSize(file, info);
      case Format::kBmp:
        return BmpSize(file, info);
      default:
        return false;
    }
  }();
  if (!known || info.width < 1 || info.height < 1) return std::nullopt;
  return info;
}

}  // namespace peel::server

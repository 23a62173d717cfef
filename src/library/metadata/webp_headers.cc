#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "src/codec/bytes.h"
#include "src/library/metadata/colour_names.h"
#include "src/library/metadata/exif_facts.h"
#include "src/library/metadata/format_headers.h"
#include "src/library/metadata/xmp_facts.h"

namespace peel::library {
namespace {

int Little24(const uint8_t* p) { return p[0] | p[1] << 8 | p[2] << 16; }

}  // namespace

// RIFF chunks: four letters, size, data, filled up to even (WebP Container Specification).
Status ReadWebpHeaders(HeaderReader* file, PhotoFacts* facts) {
  int frames = 0;
  for (uint64_t at = 12;;) {
    std::array<uint8_t, 8> head;
    if (at + 8 > file->size() || !file->Step() || !file->Peek(at, head)) break;
    const std::string_view type(reinterpret_cast<const char*>(head.data()), 4);
    const uint64_t size = ReadLittle32(head.data() + 4), data = at + 8;
    const auto begin = file->ViewUpTo(data, std::min<uint64_t>(size, 10));
    if (type == "VP8X" && begin.size() == 10) {
      facts->width = Little24(begin.data() + 4) + 1;
      facts->height = Little24(begin.data() + 7) + 1;
    } else if (type == "VP8 " && begin.size() == 10 && facts->width == 0) {
      facts->width = ReadLittle16(begin.data() + 6) & 0x3FFF;
      facts->height = ReadLittle16(begin.data() + 8) & 0x3FFF;
    } else if (type == "VP8L" && begin.size() >= 5 && begin[0] == 0x2F && facts->width == 0) {
      const uint32_t bits = ReadLittle32(begin.data() + 1);
      facts->width = static_cast<int>(bits & 0x3FFF) + 1;
      facts->height = static_cast<int>(bits >> 14 & 0x3FFF) + 1;
    } else if (type == "ANMF") {
      ++frames;
    } else if (type == "ICCP") {
      facts->icc_name = IccDescription(file->ViewUpTo(data, std::min<uint64_t>(size, 1 << 20)));
    } else if (type == "EXIF") {
      ReadExif(Part(file, data, std::min(size, file->size() - data)), &facts->exif);
    } else if (type == "XMP ") {
      const auto packet = file->ViewUpTo(data, size);
      ReadXmp({reinterpret_cast<const char*>(packet.data()), packet.size()}, file, &facts->xmp);
    }
    at = data + size + size % 2;
    if (at > file->size() + 1) file->Warn("the WebP ends within a chunk");
  }
  facts->is_animated = frames > 1;
  if (facts->width == 0 || facts->height == 0) {
    return Corrupt("the WebP has no size: it ends before its picture or is damaged there");
  }
  return OkStatus();
}

}  // namespace peel::library

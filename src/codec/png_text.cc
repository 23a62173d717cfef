#include <algorithm>
#include <string_view>

#include "src/codec/bytes.h"
#include "src/codec/png_chunks.h"

namespace peel {
namespace {

constexpr size_t kMaxTextBytes = size_t{16} << 20;

int HexDigit(uint8_t c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// "\nexif\n    1234\n45786966…": a name, a length and hexadecimal digits in lines, as ImageMagick
// writes profiles. Empty when it is anything else.
std::vector<uint8_t> ReadRawProfile(std::span<const uint8_t> text) {
  int newlines = 0;
  size_t at = 0;
  while (at < text.size() && newlines < 3) newlines += text[at++] == '\n';
  std::vector<uint8_t> out;
  int high = -1;
  for (; at < text.size(); ++at) {
    if (text[at] == '\n' || text[at] == '\r') continue;
    const int digit = HexDigit(text[at]);
    if (digit < 0) return {};
    if (high < 0) {
      high = digit;
    } else {
      out.push_back(static_cast<uint8_t>(high << 4 | digit));
      high = -1;
    }
  }
  return out;
}

// The text behind a keyword, unpacked where its chunk packs it; empty when broken.
std::vector<uint8_t> TextOf(std::string_view type, std::span<const uint8_t> rest) {
  if (type == "tEXt") return {rest.begin(), rest.end()};
  bool packed = true;
  if (type == "iTXt") {  // packed?, method, language NUL, translated keyword NUL
    if (rest.size() < 2) return {};
    packed = rest[0] != 0;
    if (packed && rest[1] != 0) return {};
    rest = rest.subspan(2);
    for (int i = 0; i < 2; ++i) {
      const auto nul = std::find(rest.begin(), rest.end(), uint8_t{0});
      if (nul == rest.end()) return {};
      rest = {nul + 1, rest.end()};
    }
  } else {
    if (rest.empty() || rest[0] != 0) return {};
    rest = rest.subspan(1);
  }
  if (!packed) return {rest.begin(), rest.end()};
  return InflateAtMost(rest, kMaxTextBytes);
}

}  // namespace

void ReadPngText(std::span<const uint8_t> type, std::span<const uint8_t> chunk,
                 Metadata* metadata) {
  const auto nul = std::find(chunk.begin(), chunk.end(), uint8_t{0});
  if (nul == chunk.end()) return;
  const std::string_view keyword(reinterpret_cast<const char*>(chunk.data()),
                                 static_cast<size_t>(nul - chunk.begin()));
  const std::string_view name(reinterpret_cast<const char*>(type.data()), 4);
  const std::span<const uint8_t> rest(nul + 1, chunk.end());
  if (keyword == "XML:com.adobe.xmp" && metadata->xmp.empty()) {
    metadata->xmp = TextOf(name, rest);
  } else if ((keyword == "Raw profile type exif" || keyword == "Raw profile type APP1") &&
             metadata->exif.empty()) {
    std::vector<uint8_t> exif = ReadRawProfile(TextOf(name, rest));
    constexpr std::array<uint8_t, 6> kPrefix = {'E', 'x', 'i', 'f', 0, 0};
    if (exif.size() > 6 && std::equal(kPrefix.begin(), kPrefix.end(), exif.begin())) {
      metadata->exif.assign(exif.begin() + 6, exif.end());
    }
  }
}

}  // namespace peel

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "src/codec/bytes.h"
#include "src/codec/metadata/iptc.h"
#include "src/codec/png/png_chunks.h"

namespace peel {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kRawProfile = "Raw profile type ";
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

// `kind` as the keyword says, which not all writers are exact about: what it is, its beginning
// tells.
void TakeRawProfile(std::string_view kind, std::vector<uint8_t> profile, Metadata* metadata) {
  constexpr std::string_view kXmp = "http://ns.adobe.com/xap/1.0/\0"sv, kExif = "Exif\0\0"sv;
  const auto skip = [&](std::string_view head) {
    if (profile.size() < head.size() || !std::equal(head.begin(), head.end(), profile.begin())) {
      return false;
    }
    profile.erase(profile.begin(), profile.begin() + static_cast<ptrdiff_t>(head.size()));
    return true;
  };
  if (kind == "exif" || kind == "APP1" || kind == "xmp") {
    const bool is_xmp = skip(kXmp) || kind == "xmp";
    if (!is_xmp) skip(kExif);
    auto& to = is_xmp ? metadata->xmp : metadata->exif;
    if (to.empty()) to = std::move(profile);
  } else if ((kind == "iptc" || kind == "8bim") && metadata->iptc.empty()) {
    // Photoshop's resources, or the records alone.
    metadata->iptc = IptcFromPhotoshop(profile);
    if (metadata->iptc.empty() && kind == "iptc") metadata->iptc = CleanIptc(profile);
  }
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
  if (keyword == "XML:com.adobe.xmp") {
    if (metadata->xmp.empty()) metadata->xmp = TextOf(name, rest);
  } else if (keyword.starts_with(kRawProfile)) {
    TakeRawProfile(keyword.substr(kRawProfile.size()), ReadRawProfile(TextOf(name, rest)),
                   metadata);
  }
}

std::vector<uint8_t> WritePngIptc(std::span<const uint8_t> iptc) {
  const std::vector<uint8_t> resources = PhotoshopFromIptc(iptc);
  std::string text = "\niptc\n" + std::to_string(resources.size());
  for (size_t i = 0; i < resources.size(); ++i) {
    if (i % 36 == 0) text += '\n';
    text += "0123456789abcdef"[resources[i] >> 4];
    text += "0123456789abcdef"[resources[i] & 15];
  }
  text += '\n';
  return PackBehind("Raw profile type iptc\0\0"sv,  // keyword, NUL, method
                    {reinterpret_cast<const uint8_t*>(text.data()), text.size()});
}

}  // namespace peel

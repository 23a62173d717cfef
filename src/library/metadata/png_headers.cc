#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "src/codec/bytes.h"
#include "src/library/metadata/colour_names.h"
#include "src/library/metadata/exif_facts.h"
#include "src/library/metadata/format_headers.h"
#include "src/library/metadata/iptc_facts.h"
#include "src/library/metadata/photo_text.h"
#include "src/library/metadata/xmp_facts.h"

namespace peel::library {
namespace {

// Of one chunk, packed or not.
constexpr size_t kMaxText = size_t{4} << 20;

std::string_view AsText(std::span<const uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// ImageMagick's way to put other blocks into PNG: a name, a number, and then hexadecimal digits.
std::vector<uint8_t> FromHex(std::string_view text) {
  std::vector<uint8_t> bytes;
  for (int line = 0; line < 3; ++line) {
    const size_t end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  int high = -1;
  for (const char c : text) {
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0) continue;
    if (high >= 0) bytes.push_back(static_cast<uint8_t>(high << 4 | digit));
    high = high >= 0 ? -1 : digit;
  }
  return bytes;
}

class PngWalk {
 public:
  PngWalk(HeaderReader* file, PhotoFacts* facts) : file_(file), facts_(facts) {}

  Status Walk() {
    constexpr uint64_t kSignature = 8;
    const auto header = file_->View(kSignature, 25);
    if (header.size() < 25 || std::memcmp(header.data() + 4, "IHDR", 4) != 0) {
      return Corrupt("the PNG does not begin with its header");
    }
    const uint32_t width = ReadBig32(header.data() + 8), height = ReadBig32(header.data() + 12);
    if (width == 0 || height == 0 || width > INT32_MAX || height > INT32_MAX) {
      return Corrupt("the PNG's header says an impossible size");
    }
    facts_->width = static_cast<int>(width);
    facts_->height = static_cast<int>(height);
    facts_->bit_depth = header[16];
    for (uint64_t at = kSignature + 25;;) {
      std::array<uint8_t, 8> head;
      if (!file_->Step() || !file_->Peek(at, head)) {
        file_->Warn("the PNG ends before its last chunk");
        break;
      }
      const uint64_t size = ReadBig32(head.data());
      const std::string_view type(reinterpret_cast<const char*>(head.data()) + 4, 4);
      if (type == "IEND") break;
      if (type != "IDAT" && type != "fdAT") Chunk(type, at + 8, size);
      at += size + 12;
    }
    return OkStatus();
  }

 private:
  void Chunk(std::string_view type, uint64_t at, uint64_t size) {
    if (type == "eXIf") {
      if (!has_exif_) ReadExif(Part(file_, at, std::min(size, file_->size() - at)), &facts_->exif);
      has_exif_ = true;
    } else if (type == "acTL") {
      const auto data = file_->View(at, 4);
      facts_->is_animated = data.size() == 4 && ReadBig32(data.data()) > 1;
    } else if (type == "sRGB") {
      facts_->colours_named = "sRGB";
    } else if (type == "cICP") {
      const auto data = file_->View(at, 2);
      if (data.size() == 2) facts_->colours_named = NameOfCicp(data[0], data[1]);
    } else if (type == "iCCP") {
      ReadProfile(file_->View(at, size));
    } else if (type == "tEXt" || type == "zTXt" || type == "iTXt") {
      const auto data = file_->View(at, size);
      if (data.empty() && size > 0) {
        file_->Warn("a text of the PNG is cut off or larger than 4 MiB and was left out");
      }
      ReadText(type, data);
    }
  }

  void ReadProfile(std::span<const uint8_t> chunk) {
    const size_t name = AsText(chunk).find('\0');
    if (name == std::string_view::npos || chunk.size() - name < 3) return;
    const auto icc = InflateAtMost(chunk.subspan(name + 2), kMaxText);
    facts_->icc_name = IccDescription(icc);
    if (facts_->icc_name.empty()) facts_->icc_name = TextFromLatin1(AsText(chunk.first(name)));
  }

  void ReadText(std::string_view type, std::span<const uint8_t> chunk) {
    const size_t end = AsText(chunk).find('\0');
    if (end == std::string_view::npos) return;
    const std::string_view key = AsText(chunk.first(end));
    auto rest = chunk.subspan(end + 1);
    bool packed = type == "zTXt";
    if (packed) {
      if (rest.empty()) return;
      rest = rest.subspan(1);
    } else if (type == "iTXt") {
      if (rest.size() < 2) return;
      packed = rest[0] == 1;
      rest = rest.subspan(2);
      for (int i = 0; i < 2; ++i) {  // language, translated key
        const size_t stop = AsText(rest).find('\0');
        if (stop == std::string_view::npos) return;
        rest = rest.subspan(stop + 1);
      }
    }
    std::vector<uint8_t> unpacked;
    if (packed) {
      unpacked = InflateAtMost(rest, kMaxText);
      rest = unpacked;
    }
    Use(key, rest, type == "iTXt");
  }

  void Use(std::string_view key, std::span<const uint8_t> value, bool is_utf8) {
    constexpr std::string_view kRaw = "Raw profile type ";
    if (key == "XML:com.adobe.xmp") {
      ReadXmp(AsText(value), file_, &facts_->xmp);
      return;
    }
    if (key.starts_with(kRaw)) {
      UseRaw(key.substr(kRaw.size()), FromHex(AsText(value)));
      return;
    }
    std::string* const member = key == "Title"         ? &facts_->text.title
                                : key == "Description" ? &facts_->text.description
                                : key == "Software"    ? &facts_->text.software
                                                       : nullptr;
    if (member == nullptr || !member->empty()) return;
    *member = is_utf8 ? CleanText(AsText(value)) : TextFromLatin1(AsText(value));
  }

  void UseRaw(std::string_view type, const std::vector<uint8_t>& bytes) {
    constexpr std::string_view kXmp = "http://ns.adobe.com/xap/1.0/";
    const std::string_view text = AsText(bytes);
    // Of 'exif' some write the marker segment's name before the block, some do not.
    if ((type == "exif" || (type == "APP1" && text.starts_with("Exif"))) && !has_exif_) {
      has_exif_ = true;
      ReadExif(Part(file_, bytes), &facts_->exif);
    } else if (type == "xmp") {
      ReadXmp(text, file_, &facts_->xmp);
    } else if (type == "APP1" && text.starts_with(kXmp)) {
      ReadXmp(text.substr(std::min(kXmp.size() + 1, text.size())), file_, &facts_->xmp);
    } else if (type == "iptc" || type == "8bim") {
      ReadPhotoshop(bytes, facts_);
      if (!text.starts_with("8BIM")) ReadIptc(bytes, &facts_->iptc);
    }
  }

  HeaderReader* file_;
  PhotoFacts* facts_;
  bool has_exif_ = false;
};

}  // namespace

Status ReadPngHeaders(HeaderReader* file, PhotoFacts* facts) { return PngWalk(file, facts).Walk(); }

}  // namespace peel::library

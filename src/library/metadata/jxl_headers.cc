#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <deque>
#include <span>
#include <string_view>
#include <vector>

#include "src/codec/bytes.h"
#include "src/codec/heif/heif_items.h"
#include "src/codec/jxl/jxl.h"
#include "src/library/metadata/colour_names.h"
#include "src/library/metadata/exif_facts.h"
#include "src/library/metadata/format_headers.h"
#include "src/library/metadata/iso_boxes.h"
#include "src/library/metadata/xmp_facts.h"

namespace peel::library {
namespace {

// Bits of a codestream, the lowest first (ISO/IEC 18181-1, Annex B); zeros beyond the end.
class Bits {
 public:
  explicit Bits(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  bool ok() const { return at_ <= bytes_.size() * 8; }
  uint32_t Take(int count) {
    uint32_t value = 0;
    for (int i = 0; i < count; ++i, ++at_) {
      const size_t byte = at_ / 8;
      if (byte < bytes_.size() && (bytes_[byte] >> at_ % 8 & 1) != 0) value |= uint32_t{1} << i;
    }
    return value;
  }
  bool Flag() { return Take(1) != 0; }

  // One of four ways to say a number: that many bits, and what is added to them.
  struct Way {
    int bits;
    uint32_t add;
  };
  uint32_t Choose(const std::array<Way, 4>& ways) {
    const Way way = ways[Take(2)];
    return Take(way.bits) + way.add;
  }
  uint32_t Enum() { return Choose({{{0, 0}, {0, 1}, {4, 2}, {6, 18}}}); }

 private:
  std::span<const uint8_t> bytes_;
  size_t at_ = 0;
};

uint32_t OfRatio(uint32_t ratio, uint64_t height) {
  constexpr std::array<std::array<uint32_t, 2>, 8> kRatios = {
      {{0, 1}, {1, 1}, {12, 10}, {4, 3}, {3, 2}, {16, 9}, {5, 4}, {2, 1}}};
  return static_cast<uint32_t>(height * kRatios[ratio][0] / kRatios[ratio][1]);
}

std::array<uint32_t, 2> TakeSize(Bits* bits) {
  constexpr std::array<Bits::Way, 4> kSide = {{{9, 1}, {13, 1}, {18, 1}, {30, 1}}};
  const bool small = bits->Flag();
  const auto side = [&] { return small ? (bits->Take(5) + 1) * 8 : bits->Choose(kSide); };
  const uint32_t height = side();
  const uint32_t ratio = bits->Take(3);
  return {ratio == 0 ? side() : OfRatio(ratio, height), height};
}

void SkipPreview(Bits* bits) {
  const bool div8 = bits->Flag();
  const auto side = [&] {
    return div8 ? bits->Choose({{{0, 16}, {0, 32}, {5, 1}, {9, 33}}})
                : bits->Choose({{{6, 1}, {8, 65}, {10, 321}, {12, 1345}}});
  };
  side();
  if (bits->Take(3) == 0) side();
}

void SkipAnimation(Bits* bits) {
  bits->Choose({{{0, 100}, {0, 1000}, {10, 1}, {30, 1}}});
  bits->Choose({{{0, 1}, {0, 1001}, {8, 1}, {10, 1}}});
  bits->Choose({{{0, 0}, {3, 0}, {16, 0}, {32, 0}}});
  bits->Take(1);
}

// The name of colours that are not told by a profile; empty where they are, or by numbers.
std::string_view TakeColours(Bits* bits) {
  constexpr uint32_t kRgb = 0, kD65 = 1, kSrgb = 1, kBt2100 = 9, kP3 = 11, kSrgbCurve = 13,
                     kPq = 16, kHlg = 18;
  if (bits->Flag()) return "sRGB";
  if (bits->Flag()) return "";  // a profile, packed within the codestream
  const uint32_t space = bits->Enum();
  if (space != kRgb || bits->Enum() != kD65) return "";
  const uint32_t primaries = bits->Enum();
  if (primaries != kSrgb && primaries != kBt2100 && primaries != kP3) return "";
  const uint32_t curve = bits->Flag() ? 0 : bits->Enum();
  if (primaries == kBt2100) {
    return curve == kPq ? "BT.2100 PQ" : curve == kHlg ? "BT.2100 HLG" : "BT.2020";
  }
  if (primaries == kP3) return "Display P3";
  return curve == kSrgbCurve ? "sRGB" : "";
}

Status ReadCodestream(std::span<const uint8_t> bytes, PhotoFacts* facts) {
  if (bytes.size() < 3 || bytes[0] != 0xFF || bytes[1] != 0x0A) {
    return Corrupt("the JPEG XL has no codestream that can be read");
  }
  Bits bits(bytes.subspan(2));
  const auto [width, height] = TakeSize(&bits);
  if (!bits.ok() || width > INT32_MAX || height > INT32_MAX || width == 0) {
    return Corrupt("the JPEG XL's header says an impossible size");
  }
  facts->width = static_cast<int>(width);
  facts->height = static_cast<int>(height);
  facts->turn = 1;
  if (bits.Flag()) {  // all as usual
    facts->colours_named = "sRGB";
    return OkStatus();
  }
  if (bits.Flag()) {
    facts->turn = static_cast<int>(bits.Take(3)) + 1;
    if (bits.Flag()) TakeSize(&bits);
    if (bits.Flag()) SkipPreview(&bits);
    facts->is_animated = bits.Flag();
    if (facts->is_animated) SkipAnimation(&bits);
  }
  const bool is_float = bits.Flag();
  const uint32_t depth = is_float ? bits.Choose({{{0, 32}, {0, 16}, {0, 24}, {6, 1}}})
                                  : bits.Choose({{{0, 8}, {0, 10}, {0, 12}, {6, 1}}});
  if (is_float) bits.Take(4);
  facts->bit_depth = static_cast<int>(depth);
  bits.Take(1);
  const uint32_t extra = bits.Choose({{{0, 0}, {0, 1}, {4, 2}, {12, 1}}});
  for (uint32_t i = 0; i < extra; ++i) {
    // A channel that is not the usual alpha has a long description; colours behind it stay unread.
    if (!bits.Flag()) return OkStatus();
  }
  bits.Take(1);  // XYB
  const std::string_view colours = TakeColours(&bits);
  if (bits.ok()) facts->colours_named = colours;
  return OkStatus();
}

}  // namespace

Status ReadJxlHeaders(HeaderReader* file, PhotoFacts* facts) {
  constexpr uint64_t kEnough = 256;  // for all of the codestream's header that is read
  const auto begin = file->ViewUpTo(0, kEnough);
  if (begin.size() >= 2 && begin[0] == 0xFF) return ReadCodestream(begin, facts);
  Status codestream = Corrupt("the JPEG XL has no codestream that can be read");
  bool found = false;
  std::deque<std::vector<uint8_t>> unpacked;
  const auto take = [&](uint32_t type, Part box) {
    if (type == FourCc("Exif")) {
      const auto skip = box.View(0, 4);
      if (!skip.empty()) ReadExif(box.From(4 + uint64_t{ReadBig32(skip.data())}), &facts->exif);
    } else if (type == FourCc("xml ")) {
      const auto packet = box.View(0, box.size());
      ReadXmp({reinterpret_cast<const char*>(packet.data()), packet.size()}, file, &facts->xmp);
    }
  };
  ForEachBox(Part(file, 0, file->size()), [&](uint32_t type, Part box) {
    if ((type == FourCc("jxlc") || type == FourCc("jxlp")) && !found) {
      found = true;
      codestream = ReadCodestream(box.ViewUpTo(type == FourCc("jxlp") ? 4 : 0, kEnough), facts);
    } else if (type == FourCc("brob")) {
      const auto inner = box.View(0, 4);
      const uint32_t inner_type = inner.empty() ? 0 : ReadBig32(inner.data());
      if (inner_type != FourCc("Exif") && inner_type != FourCc("xml ")) return;
      unpacked.push_back(UnpackJxlBox(box.View(0, box.size()), HeaderReader::kMaxView));
      if (unpacked.back().empty()) {
        file->Warn(
            "a packed box of the JPEG XL cannot be read: it is damaged, or libjxl is missing");
      }
      take(inner_type, Part(file, unpacked.back()));
    } else {
      take(type, box);
    }
  });
  return codestream;
}

}  // namespace peel::library

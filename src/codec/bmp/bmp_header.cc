#include "src/codec/bmp/bmp_header.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <string>

#include "src/codec/bytes.h"

namespace peel {
namespace {

constexpr size_t kFileHeader =
    14;  // "BM", the file's length, two reserved numbers, the pixels' place

// biCompression
enum : uint32_t {
  kRgb = 0,
  kRle8 = 1,
  kRle4 = 2,
  kBitfields = 3,   // with OS/2's header of 64 bytes: fax coding
  kJpegInside = 4,  // with OS/2's header of 64 bytes: RLE24
  kPngInside = 5,
  kAlphaBitfields = 6,
  kCmyk = 11,
  kCmykRle8 = 12,
  kCmykRle4 = 13,
};

bool HasAt(std::span<const uint8_t> bytes, size_t at, const char* two) {
  return bytes.size() >= at + 2 && std::memcmp(bytes.data() + at, two, 2) == 0;
}

// OS/2 puts a header of the same length before each picture of an array; the first is read.
size_t FileHeaderAt(std::span<const uint8_t> bytes) {
  return HasAt(bytes, 0, "BA") && HasAt(bytes, kFileHeader, "BM") ? kFileHeader : 0;
}

bool IsHeaderSize(uint32_t size) {
  // OS/2's second header may end after any of its fields.
  return size == 12 || (size >= 16 && size <= 64 && size % 2 == 0) || size == 108 || size == 124;
}

// Numbers of the header, 0 where it ends before them.
class Fields {
 public:
  explicit Fields(std::span<const uint8_t> header) : header_(header) {}
  uint32_t Get16(size_t at) const {
    return at + 2 <= header_.size() ? ReadLittle16(header_.data() + at) : 0;
  }
  uint32_t Get32(size_t at) const {
    return at + 4 <= header_.size() ? ReadLittle32(header_.data() + at) : 0;
  }

 private:
  std::span<const uint8_t> header_;
};

Status Damaged(const std::string& how) {
  return Corrupt("the BMP is damaged: " + how + "; save it anew as PNG or JPEG");
}

Result<BmpChannel> MakeChannel(uint32_t mask) {
  BmpChannel channel;
  channel.mask = mask;
  if (mask == 0) return channel;
  channel.shift = std::countr_zero(mask);
  channel.most = mask >> channel.shift;
  if ((uint64_t{channel.most} & (uint64_t{channel.most} + 1)) != 0) {
    return Damaged("its colour masks have gaps");
  }
  return channel;
}

Status Unreadable(uint32_t compression) {
  const char* what = "an unknown coding";
  if (compression == kJpegInside) what = "a JPEG inside";
  if (compression == kPngInside) what = "a PNG inside";
  if (compression >= kCmyk && compression <= kCmykRle4) what = "CMYK inks";
  return Unsupported("this BMP is of a kind that Peel does not read, with " + std::string(what) +
                     "; save it as PNG or JPEG first");
}

// The coding, and for 16 and 32 bits the channels' masks. `after` is what follows the header, where
// older ones have their masks; `used` becomes how much of it they take.
Status ReadCoding(const Fields& fields, uint32_t header_size, std::span<const uint8_t> after,
                  BmpHeader* header, size_t* used) {
  uint32_t compression = fields.Get32(16);
  const int bits = header->bits;
  const bool deep = bits == 16 || bits == 32;
  if (header_size <= 64 && compression == kJpegInside && bits == 24) {
    header->coding = BmpCoding::kRle;
    return OkStatus();
  }
  if (compression == kBitfields && bits == 1) {
    return Unsupported(
        "this BMP is of a kind that Peel does not read, OS/2's with fax coding; save it as PNG "
        "first");
  }
  if ((compression == kRle8 && bits == 8) || (compression == kRle4 && bits == 4)) {
    header->coding = BmpCoding::kRle;
    return OkStatus();
  }
  std::array<uint32_t, 4> masks = {};
  if (compression == kBitfields || compression == kAlphaBitfields) {
    if (!deep) return Damaged("it has colour masks for " + std::to_string(bits) + " bits a pixel");
    if (header_size >= 52) {
      for (size_t i = 0; i < 3; ++i) masks[i] = fields.Get32(40 + 4 * i);
      if (header_size >= 56) masks[3] = fields.Get32(52);
    } else {
      const size_t count = compression == kAlphaBitfields ? 4 : 3;
      if (after.size() < 4 * count) return Corrupt("the BMP is truncated: it ends in its header");
      for (size_t i = 0; i < count; ++i) masks[i] = ReadLittle32(after.data() + 4 * i);
      *used = 4 * count;
    }
    if ((masks[0] | masks[1] | masks[2]) == 0) return Damaged("its colour masks are empty");
  } else if (compression != kRgb) {
    if (compression == kRle8 || compression == kRle4) {
      return Damaged("its run-length coding does not go with " + std::to_string(bits) +
                     " bits a pixel");
    }
    return Unreadable(compression);
  } else if (bits == 16) {
    masks = {0x7C00, 0x03E0, 0x001F, 0};
  } else {
    masks = {0xFF0000, 0x00FF00, 0x0000FF, 0};
  }
  if (!deep) return OkStatus();
  for (size_t i = 0; i < 4; ++i) {
    if (bits == 16) masks[i] &= 0xFFFF;
    PEEL_ASSIGN_OR_RETURN(header->channels[i], MakeChannel(masks[i]));
  }
  return OkStatus();
}

void ReadPalette(std::span<const uint8_t> colours, size_t entry, uint32_t told, BmpHeader* header) {
  const size_t whole = size_t{1} << header->bits;
  const size_t wanted = told == 0 ? whole : std::min<size_t>(told, whole);
  const size_t count = std::min(wanted, colours.size() / entry);
  for (size_t i = 0; i < count; ++i) {
    const uint8_t* bgr = colours.data() + i * entry;
    header->palette[i] = {bgr[2], bgr[1], bgr[0]};
  }
  header->palette_size = static_cast<int>(count);
}

}  // namespace

bool IsBmp(std::span<const uint8_t> bytes) {
  const size_t start = FileHeaderAt(bytes);
  if (!HasAt(bytes, start, "BM") || bytes.size() < start + kFileHeader + 4) return false;
  return IsHeaderSize(ReadLittle32(bytes.data() + start + kFileHeader));
}

Result<BmpHeader> ParseBmp(std::span<const uint8_t> bytes) {
  if (!IsBmp(bytes)) return Damaged("its header is none that a BMP can have");
  const size_t start = FileHeaderAt(bytes) + kFileHeader;
  const uint32_t size = ReadLittle32(bytes.data() + start);
  if (bytes.size() - start < size) return Corrupt("the BMP is truncated: it ends in its header");
  const Fields fields(bytes.subspan(start, size));
  const auto after = bytes.subspan(start + size);
  BmpHeader header;
  uint32_t told_colours = 0;
  if (size == 12) {
    header.width = fields.Get16(4);
    header.height = fields.Get16(6);
    header.bits = static_cast<int>(fields.Get16(10));
  } else {
    const auto width = static_cast<int32_t>(fields.Get32(4));
    const auto height = static_cast<int32_t>(fields.Get32(8));
    if (width < 0 || height == std::numeric_limits<int32_t>::min()) {
      return Damaged("its header says an impossible size");
    }
    header.width = static_cast<uint32_t>(width);
    header.top_down = height < 0;
    header.height = static_cast<uint32_t>(height < 0 ? -height : height);
    header.bits = static_cast<int>(fields.Get16(14));
    header.x_per_metre = fields.Get32(24);
    header.y_per_metre = fields.Get32(28);
    told_colours = fields.Get32(32);
  }
  if (header.bits == 0 && size >= 40) {
    const uint32_t compression = fields.Get32(16);
    if (compression == kJpegInside || compression == kPngInside) return Unreadable(compression);
  }
  constexpr std::array<int, 7> kBits = {1, 2, 4, 8, 16, 24, 32};
  if (std::find(kBits.begin(), kBits.end(), header.bits) == kBits.end()) {
    if (header.bits == 64) {
      return Unsupported(
          "this BMP is of a kind that Peel does not read, with 64 bits a pixel; save it as PNG "
          "first");
    }
    return Damaged("its header says " + std::to_string(header.bits) + " bits a pixel");
  }
  size_t masks = 0;
  if (size == 12) {
    if (header.bits == 16 || header.bits == 32) {
      return Damaged("its header is too old for " + std::to_string(header.bits) + " bits a pixel");
    }
  } else {
    PEEL_RETURN_IF_ERROR(ReadCoding(fields, size, after, &header, &masks));
  }
  const size_t behind = start + size + masks;  // where a palette begins
  const size_t entry = size == 12 ? 3 : 4;
  const uint64_t told_at = ReadLittle32(bytes.data() + start - 4);
  // Where the file does not say where its pixels are, they follow; some say where its palette is.
  const bool placed = header.bits <= 8 ? told_at > behind : told_at >= behind;
  if (header.bits <= 8) {
    // Some write fewer colours than they say: the pixels begin earlier.
    const size_t room =
        placed ? std::min<uint64_t>(told_at, bytes.size()) - behind : bytes.size() - behind;
    ReadPalette(bytes.subspan(behind, room), entry, told_colours, &header);
  }
  header.pixels_at = placed ? told_at : behind + static_cast<size_t>(header.palette_size) * entry;
  // Colours of a palette that serves screens of 256 colours stand before pixels of more bits.
  if (!placed && header.bits > 8) {
    header.pixels_at += std::min<uint64_t>(uint64_t{told_colours} * entry, bytes.size());
  }
  constexpr uint32_t kEmbedded = 0x4D424544;  // 'MBED'
  if (size == 124 && fields.Get32(56) == kEmbedded) {
    const uint64_t at = start + uint64_t{fields.Get32(112)}, length = fields.Get32(116);
    if (length > 0 && at + length <= bytes.size()) {
      header.icc = bytes.subspan(static_cast<size_t>(at), static_cast<size_t>(length));
    }
  }
  return header;
}

std::optional<uint64_t> BmpFileSize(std::span<const uint8_t> bytes) {
  const size_t start = FileHeaderAt(bytes);
  if (start != 0 || bytes.size() < 54) return std::nullopt;
  const uint64_t told = ReadLittle32(bytes.data() + 2), at = ReadLittle32(bytes.data() + 10);
  const auto header = ParseBmp(bytes);
  if (!header.ok()) return std::nullopt;
  if (header->coding == BmpCoding::kPlain) {
    // Rows say how long they are; many files say nothing sensible in their first lines.
    const uint64_t rows = header->row_bytes() * header->height;
    const uint64_t least = std::max<uint64_t>(header->pixels_at, at) + rows;
    const Fields fields(bytes.subspan(kFileHeader));
    const bool profile = ReadLittle32(bytes.data() + kFileHeader) == 124 && told > least;
    // A few bytes of padding are common; a profile stands behind the pixels.
    return profile || (told > least && told - least <= 4) ? told : least;
  }
  if (told <= at || told <= kFileHeader) return std::nullopt;
  return told;
}

}  // namespace peel

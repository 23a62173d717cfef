#include "src/codec/png/png_chunks.h"

#include <libdeflate.h>

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

#include "src/codec/bytes.h"
#include "src/codec/metadata/icc.h"
#include "src/codec/png/png_colour.h"

namespace peel {
namespace {

constexpr size_t kChunkFrame = 12;  // length, type, checksum

// A chunk's name is four letters; anything else is damage and fit for no message.
bool IsName(std::string_view name) {
  return std::ranges::all_of(
      name, [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); });
}

bool IsValidDepth(uint8_t colour, uint8_t depth) {
  switch (colour) {
    case kPngGrey:
      return depth == 1 || depth == 2 || depth == 4 || depth == 8 || depth == 16;
    case kPngPalette:
      return depth == 1 || depth == 2 || depth == 4 || depth == 8;
    case kPngRgb:
    case kPngGreyAlpha:
    case kPngRgba:
      return depth == 8 || depth == 16;
    default:
      return false;
  }
}

Status ReadHeader(std::span<const uint8_t> chunk, PngFile* png) {
  if (chunk.size() != 13) return Corrupt("the PNG is damaged: its header has the wrong length");
  png->width = ReadBig32(chunk.data());
  png->height = ReadBig32(chunk.data() + 4);
  png->depth = chunk[8];
  png->colour = chunk[9];
  png->interlaced = chunk[12] != 0;
  if (!IsValidDepth(png->colour, png->depth) || chunk[10] != 0 || chunk[11] != 0 || chunk[12] > 1) {
    return Corrupt("the PNG is damaged: its header describes a kind of picture that PNG lacks");
  }
  if (png->width > INT32_MAX || png->height > INT32_MAX) {
    return Corrupt("the PNG is damaged: its header claims more than 2^31 pixels a side");
  }
  return OkStatus();
}

Status ReadPalette(std::span<const uint8_t> chunk, PngFile* png) {
  if (chunk.size() % 3 != 0 || chunk.empty() || chunk.size() > 768) {
    return Corrupt("the PNG is damaged: its palette has the wrong length");
  }
  png->palette_size = static_cast<int>(chunk.size() / 3);
  for (size_t i = 0; i < chunk.size() / 3; ++i) {
    png->palette[i] = {chunk[3 * i], chunk[3 * i + 1], chunk[3 * i + 2], png->palette[i][3]};
  }
  return OkStatus();
}

void ReadTransparency(std::span<const uint8_t> chunk, PngFile* png) {
  if (png->colour == kPngPalette) {
    for (size_t i = 0; i < std::min<size_t>(chunk.size(), 256); ++i) png->palette[i][3] = chunk[i];
    png->has_transparency = !chunk.empty();
  } else if (const size_t n = png->colour == kPngGrey  ? 1
                              : png->colour == kPngRgb ? 3
                                                       : 0;
             n != 0 && chunk.size() >= 2 * n) {
    // Bits beyond the depth are to be disregarded; some writers set them.
    const unsigned mask = (1u << png->depth) - 1;
    for (size_t c = 0; c < n; ++c) {
      png->transparent[c] = static_cast<uint16_t>(ReadBig16(chunk.data() + 2 * c) & mask);
    }
    png->has_transparency = true;
  }
}

// Chunks that must come before the picture's data.
bool ReadColourChunk(std::string_view name, std::span<const uint8_t> chunk, PngColours* colours) {
  if (name == "cICP" && chunk.size() >= 4) {
    colours->cicp = Cicp{chunk[0], chunk[1]};
  } else if (name == "sRGB") {
    colours->srgb = true;
  } else if (name == "gAMA" && chunk.size() >= 4) {
    colours->gama = ReadBig32(chunk.data());
  } else if (name == "cHRM" && chunk.size() >= 32) {
    auto& values = colours->chrm.emplace();
    for (size_t i = 0; i < values.size(); ++i) values[i] = ReadBig32(chunk.data() + 4 * i);
  } else {
    return false;
  }
  return true;
}

// A chunk that a reader may do without.
void ReadAncillary(std::span<const uint8_t> type, std::span<const uint8_t> chunk,
                   const PngParse& parse, bool data_over, PngColours* colours, PngFile* png) {
  const std::string_view name(reinterpret_cast<const char*>(type.data()), 4);
  if (name == "acTL" && !data_over && chunk.size() >= 8) {
    // An impossible number makes it no animation, but the picture is still one.
    const uint32_t frames = ReadBig32(chunk.data());
    png->frames = frames <= INT32_MAX ? std::max(1, static_cast<int>(frames)) : 1;
  } else if (name == "eXIf") {
    png->metadata.exif.assign(chunk.begin(), chunk.end());
  } else if (name == "pHYs" && !data_over && chunk.size() >= 9) {
    const uint32_t x = ReadBig32(chunk.data()), y = ReadBig32(chunk.data() + 4);
    png->metadata.resolution = chunk[8] == 1 ? ResolutionPerMetre(x, y) : PixelAspect(x, y);
  } else if (name == "iCCP" && parse.metadata && png->metadata.icc.empty()) {
    png->metadata.icc = ReadPngIcc(chunk);
  } else if (!data_over && ReadColourChunk(name, chunk, colours)) {
    return;
  } else if (name == "tEXt" || name == "zTXt" || name == "iTXt") {
    ReadPngText(type, chunk, &png->metadata);
  }
}

}  // namespace

int PngFile::channels() const {
  switch (colour) {
    case kPngRgb:
      return 3;
    case kPngGreyAlpha:
      return 2;
    case kPngRgba:
      return 4;
    default:
      return 1;
  }
}

Result<PngFile> ParsePng(std::span<const uint8_t> bytes, const PngParse& parse) {
  PngFile png;
  for (auto& entry : png.palette) entry = {0, 0, 0, 255};
  if (bytes.size() < kPngSignature.size() ||
      std::memcmp(bytes.data(), kPngSignature.data(), kPngSignature.size()) != 0) {
    return Corrupt("this is not a PNG");
  }
  bool header = false, data_over = false, transparency = false;
  PngColours colours;
  size_t at = kPngSignature.size();
  while (bytes.size() - at >= kChunkFrame - 4) {
    const size_t length = ReadBig32(bytes.data() + at);
    const auto type = bytes.subspan(at + 4, 4);
    const std::string_view name(reinterpret_cast<const char*>(type.data()), 4);
    const size_t left = bytes.size() - at - 8;
    if (length > left || left - length < 4) {  // cut short
      if (name == "IDAT" && !data_over) {
        png.data.push_back(bytes.subspan(at + 8, std::min(length, left)));
        png.data_cut_short = true;
      }
      break;
    }
    const auto chunk = bytes.subspan(at + 8, length);
    const bool is_data = name == "IDAT";
    const bool critical = (type[0] & 0x20) == 0;
    at += kChunkFrame + length;
    if (!header && name != "IHDR" && name != "CgBI") {
      return Corrupt("the PNG is damaged: it does not begin with its header");
    }
    if (!is_data || parse.checksums) {
      const uint32_t crc = libdeflate_crc32(0, type.data(), length + 4);
      if (crc != ReadBig32(type.data() + 4 + length)) {
        if (!critical) continue;
        return Corrupt("the PNG is damaged: the checksum of its " +
                       std::string(is_data        ? "picture data"
                                   : IsName(name) ? name
                                                  : "nameless chunk") +
                       " at byte " + std::to_string(chunk.data() - bytes.data()) + " is wrong");
      }
    }
    if (is_data) {
      if (!data_over) png.data.push_back(chunk);
      continue;
    }
    data_over = !png.data.empty();
    if (name == "IHDR") {
      if (header) return Corrupt("the PNG is damaged: it has two headers");
      PEEL_RETURN_IF_ERROR(ReadHeader(chunk, &png));
      header = true;
    } else if (name == "PLTE") {
      if (!data_over) PEEL_RETURN_IF_ERROR(ReadPalette(chunk, &png));
    } else if (name == "IEND") {
      break;
    } else if (name == "CgBI") {
      return Unsupported(
          "this PNG was repacked for Apple devices (a CgBI file) and is no true PNG any more; "
          "convert it back first, for example with pngcrush -revert-iphone-optimizations");
    } else if (critical && !IsName(name)) {
      return Corrupt("the PNG is damaged: a chunk at byte " +
                     std::to_string(chunk.data() - bytes.data()) + " has no name");
    } else if (critical) {
      return Unsupported("the PNG needs an extension that Peel does not know (chunk " +
                         std::string(name) + ")");
    } else if (name == "tRNS" && !data_over && !transparency) {
      ReadTransparency(chunk, &png);
      transparency = true;
    } else {
      ReadAncillary(type, chunk, parse, data_over, &colours, &png);
    }
  }
  if (parse.metadata) png.metadata.icc = PngIcc(colours, std::move(png.metadata.icc));
  if (!header) return Corrupt("the PNG is truncated: it ends before its header does");
  if (!parse.need_picture) return png;
  if (png.data.empty()) return Corrupt("the PNG is truncated: it ends before its picture begins");
  if (png.colour == kPngPalette && png.palette_size == 0) {
    return Corrupt("the PNG is damaged: its palette is missing");
  }
  return png;
}

}  // namespace peel

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "src/codec/picture.h"

namespace peel {

inline constexpr std::array<uint8_t, 8> kPngSignature = {0x89, 'P',  'N',  'G',
                                                         '\r', '\n', 0x1A, '\n'};

// IHDR's colour type.
enum PngColour : uint8_t {
  kPngGrey = 0,
  kPngRgb = 2,
  kPngPalette = 3,
  kPngGreyAlpha = 4,
  kPngRgba = 6,
};

// A PNG taken apart; spans point into the file.
struct PngFile {
  uint32_t width = 0;
  uint32_t height = 0;
  uint8_t depth = 0;   // bits of a sample: 1, 2, 4, 8 or 16
  uint8_t colour = 0;  // PngColour
  bool interlaced = false;
  int frames = 1;

  std::array<std::array<uint8_t, 4>, 256> palette = {};  // RGBA; entries beyond the file's: black
  int palette_size = 0;
  bool has_transparency = false;             // a tRNS chunk that applies
  std::array<uint16_t, 3> transparent = {};  // the key colour (grey: the first) of tRNS

  std::vector<std::span<const uint8_t>> data;  // the IDAT chunks in order
  bool data_cut_short = false;                 // the file ends inside the last of them
  // ICC of any colour space, whichever chunk tells it (codec/png_colour.h).
  Metadata metadata;

  int channels() const;  // as stored; 1 for a palette
  bool has_alpha() const { return colour >= kPngGreyAlpha || has_transparency; }
  size_t bits_per_pixel() const { return size_t{depth} * static_cast<size_t>(channels()); }
  // Distance in bytes to the sample that filters look back to.
  size_t filter_bytes() const { return bits_per_pixel() < 8 ? 1 : bits_per_pixel() / 8; }
};

// How much of a file ParsePng reads.
struct PngParse {
  bool metadata = true;      // profiles and the like are unpacked
  bool checksums = true;     // of IDAT; all other chunks are always checked
  bool need_picture = true;  // fails where there is no IDAT or palette
};
Result<PngFile> ParsePng(std::span<const uint8_t> bytes, const PngParse& parse);

// Metadata chunks: zTXt, iTXt and tEXt hold EXIF, XMP and IPTC in files of some writers.
void ReadPngText(std::span<const uint8_t> type, std::span<const uint8_t> chunk, Metadata* metadata);

// A zTXt chunk with IPTC records, as ImageMagick and ExifTool write it.
std::vector<uint8_t> WritePngIptc(std::span<const uint8_t> iptc);

}  // namespace peel

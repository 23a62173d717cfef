#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "src/base/cancel.h"
#include "src/base/status.h"
#include "src/codec/decoder.h"
#include "src/codec/limits.h"
#include "src/image/image.h"

namespace peel::library {

// A picture as everything that a scan measures sees it: upright, sRGB of 8 bits, 3 channels
// (transparency over white), the long side from 500 to 999 where the picture has that much. The
// reduction is a power of two: of a JPEG up to 8 by its decoder's DCT, the rest, and that of other
// formats, by filtering.
struct ScanPixels {
  ImageU8 rgb;
  std::string warning;  // what was damaged, a sentence, or ""
};

inline constexpr int kScanSide = 500;
inline constexpr int kThumbnailSide = 256;

struct ScanDecoding {
  Decoder* decoder = nullptr;  // null: this process
  Limits limits = {};
  const CancelToken* cancel = nullptr;
  bool full_size = false;  // JPEGs too are decoded whole and then reduced; for comparisons
};

// Errors as Decode's (codec/decode.h).
Result<ScanPixels> DecodeForScan(std::span<const uint8_t> bytes, const ScanDecoding& options);

// The same of a file.
Result<ScanPixels> ReadForScan(const std::string& path, const ScanDecoding& options);

// The most memory that this takes at one time, the file's bytes included.
uint64_t ScanMemory(const PictureInfo& info, uint64_t file_bytes);

// A JPEG with a long side of at most kThumbnailSide.
Result<std::vector<uint8_t>> MakeThumbnail(ImageView<const uint8_t> rgb);

}  // namespace peel::library

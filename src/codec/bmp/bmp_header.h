#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "src/base/status.h"

namespace peel {

// One channel of a pixel of 16 or 32 bits.
struct BmpChannel {
  uint32_t mask = 0;
  int shift = 0;
  uint32_t most = 0;  // the largest value; 0 where the channel is not there
};

enum class BmpCoding : uint8_t { kPlain, kRle };  // of the pixels: as they are, run lengths

// What stands before a BMP's pixels, checked: bits are 1, 2, 4, 8, 16, 24 or 32.
struct BmpHeader {
  uint32_t width = 0, height = 0;  // not checked against any limit; may be 0
  bool top_down = false;
  int bits = 0;
  BmpCoding coding = BmpCoding::kPlain;
  std::array<std::array<uint8_t, 3>, 256> palette = {};  // RGB; beyond palette_size: black
  int palette_size = 0;                                  // 0 from 16 bits on
  std::array<BmpChannel, 4> channels = {};               // R, G, B, A of 16 and 32 bits
  size_t pixels_at = 0;                                  // in the file
  std::span<const uint8_t> icc;                          // embedded in a header of 124 bytes
  uint32_t x_per_metre = 0, y_per_metre = 0;             // pixels; 0 where unknown

  bool has_alpha() const { return channels[3].most != 0; }
  // Of a row, with its padding to four bytes.
  uint64_t row_bytes() const {
    return (uint64_t{width} * static_cast<uint64_t>(bits) + 31) / 32 * 4;
  }
};

// kCorrupt or kUnsupported, in words for the user.
Result<BmpHeader> ParseBmp(std::span<const uint8_t> bytes);

// "BM" (or OS/2's "BA" before it) and a header that can be one; 32 bytes of the file suffice.
bool IsBmp(std::span<const uint8_t> bytes);

// How long the file is by its own account; the bytes may be its beginning only. nullopt where that
// cannot be told: by none of 54 and more bytes.
std::optional<uint64_t> BmpFileSize(std::span<const uint8_t> bytes);

}  // namespace peel

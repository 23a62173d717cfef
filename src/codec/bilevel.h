#pragma once

#include <cstddef>
#include <cstdint>

namespace peel {

// Grey pixels as bits, the first in the high one of each byte: 1 for 128 and above, or with
// `black_is_one` for what lies below. Fills (width + 7) / 8 bytes; bits beyond the row are 0.
inline void PackBits(const uint8_t* row, int width, bool black_is_one, uint8_t* out) {
  const uint64_t flip = black_is_one ? ~uint64_t{0} : 0;
  const auto length = static_cast<size_t>(width);
  size_t x = 0;
  for (; x + 8 <= length; x += 8) {
    uint64_t eight = 0;
    for (size_t i = 0; i < 8; ++i) eight |= uint64_t{row[x + i]} << (8 * i);
    // The high bit of byte i is moved to bit 63 - i; no two products share a bit.
    const uint64_t high = ((eight ^ flip) & 0x8080808080808080) >> 7;
    out[x / 8] = static_cast<uint8_t>(high * 0x8040201008040201 >> 56);
  }
  if (x == length) return;
  uint8_t last = 0;
  for (size_t i = 0; x + i < length; ++i) {
    if ((row[x + i] >= 128) != black_is_one) last |= static_cast<uint8_t>(0x80 >> i);
  }
  out[x / 8] = last;
}

}  // namespace peel

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace peel {

// The alphabet of RFC 1951, and the writing of one block.

inline constexpr int kMaxMatch = 258;  // bytes
inline constexpr int kMaxDistance = 32768;
inline constexpr int kEndOfBlock = 256;

// A literal is its byte; a match is length << 16 | distance.
using DeflateToken = uint32_t;

// A match length as symbol and extra bits.
struct LengthCode {
  uint16_t symbol;  // 257 to 285
  uint8_t base;     // length - 3 of the first that has this symbol
  uint8_t extra;    // bits
};
// A distance symbol: its first distance and its extra bits.
struct DistanceCode {
  uint16_t base;
  uint8_t extra;
};
extern const std::array<LengthCode, kMaxMatch + 1> kLengthCodes;  // by length; 0 to 2 unused
extern const std::array<DistanceCode, 30> kDistanceCodes;
inline int DistanceSymbol(uint32_t distance) {
  // Two symbols for each power of two from 2 on.
  if (distance <= 2) return static_cast<int>(distance) - 1;
  const int top = 31 - __builtin_clz(distance - 1);
  return 2 * top + static_cast<int>((distance - 1) >> (top - 1) & 1);
}

// How often a block uses each symbol.
struct SymbolCounts {
  std::array<uint32_t, 286> literal = {};  // bytes, end of block, lengths
  std::array<uint32_t, 30> distance = {};
};

// Appends bits, the lowest first, to memory that must be large enough.
class BitWriter {
 public:
  explicit BitWriter(uint8_t* out) : begin_(out), at_(out) {}
  // At most 57 bits at once, and none above `count` set.
  void Put(uint64_t bits, int count) {
    buffer_ |= bits << fill_;
    fill_ += count;
  }
  // Moves whole bytes out, leaving at most 7 bits. Writes up to 8 bytes ahead.
  void Flush();
  void AlignToByte() {
    fill_ = (fill_ + 7) & ~7;
    Flush();
  }
  void PutBytes(std::span<const uint8_t> bytes);  // only when aligned
  size_t size() const { return static_cast<size_t>(at_ - begin_); }
  int pending() const { return fill_; }

 private:
  uint8_t* begin_;
  uint8_t* at_;
  uint64_t buffer_ = 0;
  int fill_ = 0;
};

// Writes one block holding the tokens, which spell `data`: dynamic, fixed or stored, whichever is
// shortest. `counts` are the tokens' (the end of block is added here). At most data.size() + 5
// bytes for each 65535 of it plus 3 are written, and 8 more touched.
void WriteDeflateBlock(std::span<const DeflateToken> tokens, const SymbolCounts& counts,
                       std::span<const uint8_t> data, bool last, BitWriter* out);

// An empty stored block: the next byte of the stream begins on a byte of the file.
void WriteSync(BitWriter* out);

}  // namespace peel

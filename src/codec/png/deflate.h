#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace peel {

// How hard the packer looks.
struct DeflateEffort {
  int chain = 1;  // earlier places with the same five bytes that are looked at, at most
  int nice = 64;  // a match this long is taken at once
};

// Room that DeflatePiece needs for so many bytes.
constexpr size_t DeflateBound(size_t bytes) { return bytes + bytes / 1024 + 256; }

// Packs `data` into a piece of a raw deflate stream (RFC 1951) at `out`, which has room for
// DeflateBound(data.size()), and returns its length. `history`, at most the last 32 KiB of which
// are used, is how many bytes that the reader has unpacked by then lie in memory directly before
// `data`. Pieces of one stream can so be made independently of each other and joined: all but the
// last end on a byte, with an empty stored block. data.size() must be below 1 GiB. Made for
// filtered pictures: a short match is taken only where it is cheaper than its literals, which a
// search for the cheapest way through every 4 KiB decides, with the prices that the symbols had so
// far (as the best modes of zopfli and libdeflate do it, in one pass and with fewer candidates).
size_t DeflatePiece(std::span<const uint8_t> data, size_t history, bool last,
                    const DeflateEffort& effort, uint8_t* out);

// Adler-32 of two byte strings joined, from theirs and the second's length.
uint32_t CombineAdler32(uint32_t first, uint32_t second, uint64_t second_bytes);

}  // namespace peel

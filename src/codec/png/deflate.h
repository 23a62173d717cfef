#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace peel {

// How hard the encoder searches.
struct DeflateEffort {
  int chain = 1;  // candidates tried per position: earlier ones with the same five bytes
  int nice = 64;  // a match this long is taken at once
};

// Most bytes that DeflatePiece writes or touches for so many bytes of input.
constexpr size_t DeflateBound(size_t bytes) { return bytes + bytes / 1024 + 256; }

// Compresses `data` into a piece of a raw deflate stream (RFC 1951) at `out`, which has room for
// DeflateBound(data.size()), and returns its length. `history` says how many bytes lie in memory
// directly before `data` that the reader has by then decompressed; at most the last 32 KiB are
// used. So pieces of one stream can be made independently and joined: all but the last end on a
// whole byte, with an empty stored block. data.size() must be below 1 GiB. Made for filtered
// pictures: an optimal parse of every 4 KiB, with symbol costs from the counts so far, takes a
// short match only where it is cheaper than its literals (as the best modes of zopfli and
// libdeflate do, in one pass and with fewer candidates).
size_t DeflatePiece(std::span<const uint8_t> data, size_t history, bool last,
                    const DeflateEffort& effort, uint8_t* out);

// Adler-32 of two byte strings joined, from theirs and the second's length.
uint32_t CombineAdler32(uint32_t first, uint32_t second, uint64_t second_bytes);

}  // namespace peel

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace peel {

// How hard the packer looks.
struct DeflateEffort {
  int chain = 12;  // earlier places with the same four bytes that are looked at, at most
  int nice = 96;   // a match this long is taken at once
};

// Packs `data` into a piece of a raw deflate stream (RFC 1951) and appends it to `out`. `history`, at
// most the last 32 KiB of which are used, must lie in memory directly before `data`: what the reader
// has unpacked by then. Pieces of one stream can so be made independently of each other and joined:
// all but the last end on a byte with an empty stored block.
// Made for filtered pictures: a short match is taken only where it is cheaper than its literals.
void DeflatePiece(std::span<const uint8_t> data, size_t history, bool last,
                  const DeflateEffort& effort, std::vector<uint8_t>* out);

// Adler-32 of two byte strings joined, from theirs and the second's length.
uint32_t CombineAdler32(uint32_t first, uint32_t second, uint64_t second_bytes);

}  // namespace peel

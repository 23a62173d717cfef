#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "src/codec/limits.h"

namespace peel {

// What some versions of libavif read wrongly, found by reading the boxes.

// A copy of an AVIF sequence whose tracks that hold no pictures (sound, before libavif 1.2 taken
// for pictures without a size) are renamed to free space. Empty where there is nothing to rename.
std::vector<uint8_t> AvifWithoutSound(std::span<const uint8_t> bytes);

// kUnsupported for the minimised form without a 'meta' box, of which libavif can only say that
// something is wrong.
Status CheckAvif(std::span<const uint8_t> bytes);

// A copy of an AVIF grid whose transparency is stored tile by tile (which libavif before 1.0 passes
// over without a word), in which the tiles' alpha maps stand where the tiles were: its colours are
// the file's transparency. Empty where there is no such thing; kUnsupported, with the version that
// reads it, where not every tile has one.
Result<std::vector<uint8_t>> AvifOfTileAlphas(std::span<const uint8_t> bytes,
                                              const std::string& version);

// What is too large in a file that libavif refuses for its size: Peel's limits, or libavif's own.
Status AvifTooLarge(std::span<const uint8_t> bytes, const Limits& limits);

}  // namespace peel

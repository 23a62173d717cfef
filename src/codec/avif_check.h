#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "src/codec/limits.h"

namespace peel {

// What libavif of some versions does not read right, found out by reading the boxes.

// A copy of an AVIF sequence whose tracks that hold no pictures (sound, before libavif 1.2 taken
// for pictures without a size) are renamed to free space. Empty where there is nothing to rename.
std::vector<uint8_t> AvifWithoutSound(std::span<const uint8_t> bytes);

// kUnsupported, with the version that reads it, for a file of which this libavif would show less
// than there is: a grid whose transparency is told tile by tile (before 1.0). Or of which it can
// only say that something is wrong: the minimised form without a 'meta' box.
Status CheckAvif(std::span<const uint8_t> bytes, const std::string& version);

// What is too large in a file that libavif refuses for its size: Peel's limits, or libavif's own.
Status AvifTooLarge(std::span<const uint8_t> bytes, const Limits& limits);

}  // namespace peel

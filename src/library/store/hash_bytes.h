#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "src/base/status.h"
#include "src/library/duplicates/pdq.h"

namespace peel::library {

// measures.orientation_hashes: the hashes of the eight orientations and then of the crops, 32 bytes
// each (words from the first, little endian).
std::vector<uint8_t> BytesOfHashes(const PdqHashes& hashes);
// kCorrupt for another number of bytes. The quality is a column of its own.
Result<PdqHashes> HashesOfBytes(std::span<const uint8_t> bytes, int quality);

}  // namespace peel::library

#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "src/base/status.h"
#include "src/image/image.h"

namespace peel::library {

// PDQ (Facebook's ThreatExchange, pdq/ and its report "The TMK+PDQF Video-Hashing Algorithm and the
// PDQ Image-Hashing Algorithm", 2019): 256 bits of a picture that re-encoding, scaling and light
// edits leave nearly as they are.
struct PdqHash {
  // Bit 16 * i + j is that of the frequency i + 1 down and j + 1 across; words[0] has the lowest.
  std::array<uint64_t, 4> words{};
  std::string Hex() const;  // 64 digits, as PDQ's own tools print it
  bool operator==(const PdqHash&) const = default;
};

// 64 hexadecimal digits in either case.
Result<PdqHash> ParsePdqHash(std::string_view hex);
int HammingDistance(const PdqHash& a, const PdqHash& b);  // 0 to 256

struct PdqHashes {
  // Of the picture as it is, turned by 90, 180 and 270 degrees counterclockwise, and of these four
  // mirrored: upside down, left to right, at the one diagonal and at the other (PDQ's dihedral
  // hashes in its tools' order); from one transform.
  std::array<PdqHash, 8> orientations;
  // Of the picture less a twentieth of its width, its height or both, wherever that is cut off: at
  // one side, at the other, or half of it at each. What somebody cropped a little is near to one of
  // these (median distance 26 bits) where PDQ itself is lost (62). From the same 64 x 64 pixels, by
  // a transform over the part that is left. Not PDQ's.
  std::array<PdqHash, 15> crops;
  int quality = 0;  // 0 to 100; below 50 there is too little to see for a hash to mean anything
};

// The hash and the quality are to the bit those of the reference's pdqHash256FromFloatLuma for
// these pixels, on every processor. (The reference's tool for files first takes every nth pixel of
// what is larger than 512 x 512, which only makes the hash depend on the size: left out.) A JPEG
// decoded at a fraction of its size has the hash of other pixels: docs/internals/duplicates.md has
// the distances.
// picture: 3 channels (or 1), any size from 1×1 on; below 5 pixels a side everything is 0, as in
// the reference. kOutOfMemory alone.
Result<PdqHashes> ComputePdq(const ImageView<const uint8_t>& picture);

}  // namespace peel::library

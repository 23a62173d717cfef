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
  std::array<uint64_t, 4> words{};
  std::string Hex() const;  // 64 digits, as PDQ's own tools print it
};

// 64 hexadecimal digits in either case.
Result<PdqHash> ParsePdqHash(std::string_view hex);
int HammingDistance(const PdqHash& a, const PdqHash& b);  // 0 to 256

struct PdqHashes {
  // Of the picture as it is, turned by 90, 180 and 270 degrees, and of these four mirrored; from
  // one transform.
  std::array<PdqHash, 8> orientations;
  int quality = 0;  // 0 to 100; below 50 there is too little to see for a hash to mean anything
};

// picture: 3 channels (or 1), any size from 1×1 on. kOutOfMemory alone.
Result<PdqHashes> ComputePdq(const ImageView<const uint8_t>& picture);

}  // namespace peel::library

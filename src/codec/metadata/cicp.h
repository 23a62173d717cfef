#pragma once

#include <cstdint>
#include <vector>

namespace peel {

// A colour space by the code points of ISO/IEC 23091-2 (H.273), as AVIF, HEIC and PNG's cICP name
// it.
struct Cicp {
  int primaries = 2;  // 2: not told
  int transfer = 2;
};

// Whether the code points name a colour space that is known here; sRGB is one.
bool CicpTells(const Cicp& cicp);

// The ICC profile that says the same, for files that have no other way to say it: matrix and curve,
// white adapted to D50 by Bradford's method. Empty for sRGB, for what is not told, and for code
// points that are not used for pictures: all of those are treated as sRGB. The transfer curve of
// BT.709 and its kin is treated as sRGB's, as browsers do. PQ and HLG get a curve whose white is
// the reference white of 203 cd/m² (ITU-R BT.2408); what is brighter is cut off.
std::vector<uint8_t> IccFromCicp(const Cicp& cicp);

}  // namespace peel

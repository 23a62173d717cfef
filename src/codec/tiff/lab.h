#pragma once

#include <cstdint>

namespace peel {

// How numbers of a Lab picture stand for L* (0 to 100), a* and b* in a TIFF (TIFF 6.0 section 23;
// Adobe's technical notes for Photoshop; RFC 3949 for fax).
enum class LabEncoding : uint8_t {
  kCie,  // L* over the whole range; a* and b* signed, 256 steps of 16 bits for 1
  kIcc,  // a* and b* have 128 added; of 16 bits 0xFF00 is L* 100, and 0x8000 no colour
  kItu,  // the fax's ranges: a* -85 to 85, b* -75 to 125
};

// Samples of 8 or 16 bits as they lie in the file into sRGB, 0 to 1 each. The white is D50's, which
// becomes sRGB's D65 by Bradford's matrix, so that what is neutral stays so; what sRGB cannot show
// is cut off.
void LabToSrgb(LabEncoding encoding, int bits, const uint16_t lab[3], float rgb[3]);

}  // namespace peel

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace peel {

// tiff:Orientation of an XMP packet; 0 where there is none.
int XmpOrientation(std::span<const uint8_t> xmp);

// The packet with tiff:Orientation 1 and without what is no longer true of an edited picture:
// thumbnails, gain maps, depth maps and other embedded pictures, panorama and motion photo data.
// Those properties alone are taken out; where the packet is no XML that can be taken apart and
// speaks of such, it is dropped whole: empty.
std::vector<uint8_t> UpdateXmp(std::span<const uint8_t> xmp);

// JPEG holds a packet of up to 64 KB in one APP1 segment; of a larger one further segments hold
// what does not fit (XMP Specification Part 3, 1.1.3.1: extended XMP).

// The contents of the APP1 segments; none where the packet is too large and cannot be taken apart.
std::vector<std::vector<uint8_t>> SplitJpegXmp(std::span<const uint8_t> xmp);

// One packet of the contents of a file's APP1 segments, the main one and the others in any order.
// `complete` says whether all that the main packet speaks of was there; where it is not, the main
// packet is all that is given.
std::vector<uint8_t> JoinJpegXmp(std::span<const std::span<const uint8_t>> segments,
                                 bool* complete);

}  // namespace peel

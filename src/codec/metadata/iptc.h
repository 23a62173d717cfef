#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace peel {

// IPTC-IIM records, which JPEG and PNG carry inside Photoshop's image resources ("8BIM" blocks,
// Adobe Photoshop File Formats Specification, "Image Resource Section").

// The records of resource 0x0404; empty where there is none.
std::vector<uint8_t> IptcFromPhotoshop(std::span<const uint8_t> resources);
// Resources that hold the records alone. Empty for no records.
std::vector<uint8_t> PhotoshopFromIptc(std::span<const uint8_t> iptc);

// The records without preview pictures (2:200 to 2:202), which show the picture as it was, and
// without what lies behind the last that is whole. Undoes the swapped bytes of writers who took
// them for 32-bit numbers. Empty where they are no records.
std::vector<uint8_t> CleanIptc(std::span<const uint8_t> iptc);

// JPEG: APP13 segments of "Photoshop 3.0\0" and a part of the resources each.
std::vector<uint8_t> IptcFromJpeg(std::span<const std::span<const uint8_t>> segments);
std::vector<std::vector<uint8_t>> SplitJpegIptc(std::span<const uint8_t> iptc);

}  // namespace peel

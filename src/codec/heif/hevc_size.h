#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "src/base/status.h"

namespace peel {

// What a sequence parameter set (ITU-T H.265, 7.3.2.2) says of the pictures it is for.
struct HevcSize {
  int width = 0, height = 0;  // of what is shown: the conformance window
  int coded_width = 0, coded_height = 0;
  int bits = 8;  // of luma
  bool operator==(const HevcSize&) const = default;
};

// From a NAL unit without start code or length; nothing where it is none of that kind, belongs to a
// further layer, or cannot be read.
std::optional<HevcSize> HevcSizeOfNal(std::span<const uint8_t> nal);

// The one size of a picture whose decoder gets the NAL units of an hvcC box's payload and then
// `data`, units behind lengths of 4 bytes. kCorrupt where there is none, or two that differ.
Result<HevcSize> HevcSizeOfPicture(std::span<const uint8_t> hvcc, std::span<const uint8_t> data);

}  // namespace peel

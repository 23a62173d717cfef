#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace peel {

// Profiles above this size are not read: nothing that describes a colour space needs it, and a
// compressed one may claim any size.
inline constexpr size_t kMaxIccBytes = size_t{16} << 20;

// The colour space of a profile's device side.
enum class IccSpace : uint8_t { kInvalid, kRgb, kGrey, kCmyk, kOther };

// The colour model of a profile, from its header; kInvalid where it is no profile.
IccSpace IccColourSpace(std::span<const uint8_t> icc);

// The profile if it describes RGB pixels, else nothing.
std::vector<uint8_t> IccForRgb(std::span<const uint8_t> icc);

// The data of the first tag of this name of four letters; empty where there is none.
std::span<const uint8_t> IccTag(std::span<const uint8_t> icc, std::string_view name);

// A profile for RGB that shows R = G = B as bright as the grey profile shows that grey: the same
// curve (brought from L* to light where the profile connects through Lab), sRGB's primaries. Empty
// where it is no grey profile or has no curve that can be read.
std::vector<uint8_t> RgbIccFromGrey(std::span<const uint8_t> icc);

// JPEG carries a profile in numbered APP2 segments of at most 65519 bytes each. The segments are
// (without marker and length) as they stand in the file, in any order; empty when one is missing or
// numbered twice.
std::vector<uint8_t> JoinJpegIcc(std::span<const std::span<const uint8_t>> segments);
// The contents of the APP2 segments; none when the profile would need more than 255 of them.
std::vector<std::vector<uint8_t>> SplitJpegIcc(std::span<const uint8_t> icc);

// PNG's iCCP chunk: name, NUL, 0, zlib stream. Empty when broken or above kMaxIccBytes.
std::vector<uint8_t> ReadPngIcc(std::span<const uint8_t> chunk);
std::vector<uint8_t> WritePngIcc(std::span<const uint8_t> icc);

}  // namespace peel

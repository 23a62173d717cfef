#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "src/base/status.h"
#include "src/library/metadata/photo_facts.h"
#include "src/library/metadata/photo_metadata.h"

namespace peel::library {

// What an XMP sidecar (ISO 16684-1, a file beside the picture) says of its picture, and how it is
// joined with what the picture's file says of itself.

// No program's words come near this; what is larger is not read.
inline constexpr uint64_t kLargestSidecar = uint64_t{16} << 20;

// Of a whole sidecar in memory, in UTF-8 or UTF-16, as ReadXmp reads it. Half of a sidecar is worse
// than none: kCorrupt where it is not well-formed to its end, holds no XMP, or is more than
// kLargestSidecar. The message is the end of a sentence that begins with the file's name.
Result<Facts> ReadSidecar(std::span<const uint8_t> bytes);

// Puts the sidecar above the file, field by field, as Immich and exiftool's users have it: rating,
// label, title, description, keywords (a list is the whole list), creator, copyright, the time it
// was taken, the place (latitude, longitude and altitude together). What says nothing, an empty
// list among it, changes nothing. Camera, lens and exposure, which people seldom correct, are taken
// where the file does not know them, and so is a time of digitizing. Orientation, size and colours
// are the file's alone: they belong to its pixels.
void ApplySidecar(const Facts& sidecar, PhotoMetadata* metadata);

}  // namespace peel::library

#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "src/codec/picture.h"

namespace peel::server {

// What the first bytes of a file say of its size, without any library's help: this runs in the
// process that holds everybody's connections. PNG, JPEG, WebP and BMP; of the info only format,
// width, height, bits and frames (1, or 2 for several) are set. nullopt for other formats and for
// headers that are odd: whoever decodes the file finds out.
std::optional<PictureInfo> ReadHeader(std::span<const uint8_t> file);

}  // namespace peel::server

#pragma once

#include <optional>
#include <string_view>

#include "src/video/media/media_info.h"

namespace peel::video {

// "+37.7450-122.4301+066.374/" as ISO 6709 (annex H) writes a place, and phones into their films:
// degrees, or degrees and minutes, or those and seconds, told apart by the number of digits;
// perhaps a height; perhaps the name of a reference system. nullopt for anything else.
std::optional<Place> ParseIso6709(std::string_view text);

}  // namespace peel::video

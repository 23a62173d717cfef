#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace peel {

// "out-%03u.png" with a number in its place, as printf and rembg have it: one %d, %i or %u, with
// a width and a leading zero if any; %% is a percent sign. nullopt where there is no such place or
// more than one, and for every other use of %.
std::optional<std::string> NumberedName(const std::string& pattern, uint64_t number);

// The same, but where the name has no place for a number it gets one before its extension, and
// before the "cut", "mask" or "rect" of an output's usual name: NAME.cut.png becomes
// NAME-001.cut.png. "-" stays.
std::string FrameName(const std::string& name, uint64_t number);

}  // namespace peel

#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace peel::library {

// The description of an ICC profile (its 'desc' tag: plain text of version 2, or of version 4 in
// American English, else in its first language). Bytes of the profile's beginning suffice where the
// tag lies within them. Empty where it has none.
std::string IccDescription(std::span<const uint8_t> icc);

// What the code points of ITU-T H.273 are called as a colour space: "sRGB", "Display P3",
// "BT.2020", "BT.2100 PQ" …; empty for the others.
std::string NameOfCicp(int primaries, int transfer);

}  // namespace peel::library

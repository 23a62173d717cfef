#pragma once

#include <cstdint>
#include <span>

namespace peel::library {

// The land as closed rings: for each the number of its points, then their longitudes and latitudes
// in tenths of a degree.
std::span<const int16_t> LandOutline();

}  // namespace peel::library

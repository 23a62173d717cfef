#pragma once

#include <cstddef>
#include <string_view>

namespace peel {

// The least number of insertions, deletions, replacements and swaps of neighbours that turn `a`
// into `b`, no place being edited twice (optimal string alignment): how far a mistyped name is from
// the one that was meant. Bytes count, not characters. Takes |a| * |b| steps.
size_t EditDistance(std::string_view a, std::string_view b);

}  // namespace peel

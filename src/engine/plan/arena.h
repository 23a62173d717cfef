#pragma once

#include <cstdint>
#include <span>

#include "src/engine/plan/program.h"

namespace peel::engine {

// Gives every kArena storage an offset so that storages whose [first, last] overlap do not; returns
// the bytes of the arena, kLimit when that overflows. Largest first, each into the tightest gap
// that the storages alive at the same time leave (greedy by size; Pisarchyk and Lee, "Efficient
// memory management for deep neural net inference", 2020). Offsets are multiples of 64.
Result<uint64_t> AssignOffsets(std::span<Storage> storages);

}  // namespace peel::engine

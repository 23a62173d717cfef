#pragma once

#include <cstdint>

namespace peel::engine {

// Bytes that this process could have at the very most: the machine's memory and swap, or its
// control group's limit where that is less; 0 where neither can be read. What is free at the moment
// is no bound: the system reclaims caches, and other programs end.
uint64_t MemoryCeiling();

}  // namespace peel::engine

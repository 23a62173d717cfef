#pragma once

#include <cstdint>

namespace peel::engine {

// Bytes this process may still take: what the machine has available or what its cgroup leaves,
// whichever is less; 0 where neither can be read.
uint64_t AvailableMemory();

}  // namespace peel::engine

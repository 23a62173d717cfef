#include "src/engine/memory_limit.h"

#include <algorithm>

#include "src/base/os/machine.h"

namespace peel::engine {
uint64_t MemoryCeiling() {
  const uint64_t machine = MemoryAndSwap(), group = GroupMemoryLimit();
  if (machine == 0 || group == 0) return std::max(machine, group);
  return std::min(machine, group);
}

}  // namespace peel::engine

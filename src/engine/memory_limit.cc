#include "src/engine/memory_limit.h"

#include <algorithm>
#include <fstream>
#include <string>

#include "src/base/os/cgroup.h"

namespace peel::engine {
namespace {

uint64_t MachineMemory() {
  std::ifstream file("/proc/meminfo");
  uint64_t total = 0;
  for (std::string word; file >> word;) {
    uint64_t kib = 0;
    if ((word == "MemTotal:" || word == "SwapTotal:") && file >> kib) total += kib * 1024;
  }
  return total;
}

}  // namespace

uint64_t MemoryCeiling() {
  const uint64_t machine = MachineMemory(), group = CgroupMemoryLimit();
  if (machine == 0 || group == 0) return std::max(machine, group);
  return std::min(machine, group);
}

}  // namespace peel::engine

#include "src/engine/memory_limit.h"

#include <algorithm>
#include <fstream>
#include <string>

#include "src/base/cgroup.h"

namespace peel::engine {
namespace {

uint64_t MachineAvailable() {
  std::ifstream file("/proc/meminfo");
  for (std::string word; file >> word;) {
    uint64_t kib = 0;
    if (word == "MemAvailable:" && file >> kib) return kib * 1024;
  }
  return 0;
}

}  // namespace

uint64_t AvailableMemory() {
  const uint64_t machine = MachineAvailable(), cgroup = CgroupMemoryLeft();
  if (machine == 0 || cgroup == 0) return std::max(machine, cgroup);
  return std::min(machine, cgroup);
}

}  // namespace peel::engine

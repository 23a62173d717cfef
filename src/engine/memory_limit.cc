#include "src/engine/memory_limit.h"

#include <algorithm>
#include <fstream>
#include <string>

namespace peel::engine {
namespace {

// The number in a file that holds nothing else; 0 where there is none ("max", no such file).
uint64_t NumberIn(const char* path) {
  std::ifstream file(path);
  uint64_t number = 0;
  return file >> number ? number : 0;
}

uint64_t MachineAvailable() {
  std::ifstream file("/proc/meminfo");
  for (std::string word; file >> word;) {
    uint64_t kib = 0;
    if (word == "MemAvailable:" && file >> kib) return kib * 1024;
  }
  return 0;
}

uint64_t CgroupLeft() {
  struct {
    const char *limit, *used;
  } const kFiles[] = {
      {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"},
      {"/sys/fs/cgroup/memory/memory.limit_in_bytes",
       "/sys/fs/cgroup/memory/memory.usage_in_bytes"},
  };
  for (const auto& files : kFiles) {
    const uint64_t limit = NumberIn(files.limit);
    // Version 1 writes a number near 2^63 where there is no limit.
    if (limit == 0 || limit > (uint64_t{1} << 60)) continue;
    const uint64_t used = NumberIn(files.used);
    return limit > used ? limit - used : 1;
  }
  return 0;
}

}  // namespace

uint64_t AvailableMemory() {
  const uint64_t machine = MachineAvailable(), cgroup = CgroupLeft();
  if (machine == 0 || cgroup == 0) return std::max(machine, cgroup);
  return std::min(machine, cgroup);
}

}  // namespace peel::engine

#include "src/base/os/machine.h"

#include <sched.h>
#include <sys/auxv.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string_view>

#include "src/base/os/linux/cgroup.h"

namespace peel {
namespace {

// The number, in KiB, behind a word of a file of /proc, in bytes.
uint64_t KibIn(const char* path, std::string_view name) {
  std::ifstream file(path);
  for (std::string word; file >> word;) {
    uint64_t kib = 0;
    if (word == name && file >> kib) return kib * 1024;
  }
  return 0;
}

std::string CpuInfo(const char* key) {
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; std::getline(in, line);) {
    if (line.rfind(key, 0) == 0) {
      const size_t colon = line.find(": ");
      if (colon != std::string::npos) return line.substr(colon + 2);
    }
  }
  return "";
}

}  // namespace

int ProcessorsAllowed() {
  cpu_set_t set;
  CPU_ZERO(&set);
  return sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 0;
}

double ProcessorQuota() { return CgroupCpuQuota(); }

uint64_t PhysicalMemory() {
  return static_cast<uint64_t>(std::max(sysconf(_SC_PHYS_PAGES), 0L)) *
         static_cast<uint64_t>(std::max(sysconf(_SC_PAGESIZE), 0L));
}

uint64_t MemoryAndSwap() {
  return KibIn("/proc/meminfo", "MemTotal:") + KibIn("/proc/meminfo", "SwapTotal:");
}

uint64_t GroupMemoryLimit() { return CgroupMemoryLimit(); }

uint64_t GroupMemoryLeft() { return CgroupMemoryLeft(); }

// getrusage would count what the parent had before exec.
uint64_t PeakMemory() { return KibIn("/proc/self/status", "VmHWM:"); }
uint64_t ResidentMemory() { return KibIn("/proc/self/status", "VmRSS:"); }

std::string ProcessorName() { return CpuInfo("model name"); }

std::string ProcessorFeatures() {
  std::string flags = CpuInfo("flags");
  return flags.empty() ? CpuInfo("Features") : flags;
}

bool HasArmDotProduct() {
#if defined(__aarch64__)
  constexpr unsigned long kDotProduct = 1ul << 20;  // HWCAP_ASIMDDP
  return (getauxval(AT_HWCAP) & kDotProduct) != 0;
#else
  return false;
#endif
}

std::string NvidiaKernelModule() {
  std::ifstream file("/proc/driver/nvidia/version");
  std::string line;
  std::getline(file, line);
  return line;
}

}  // namespace peel

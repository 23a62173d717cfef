#include "src/base/os/system_limits.h"

#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <climits>
#include <fstream>
#include <sstream>
#include <string_view>

#include "src/base/os/linux/cgroup.h"

namespace peel {
namespace {

std::string FirstLine(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

std::optional<uint64_t> Number(std::string_view text) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end == text.data()) return std::nullopt;
  return value;
}

template <typename T>
void KeepSmaller(std::optional<T>& kept, T value) {
  kept = kept ? std::min(*kept, value) : value;
}

std::optional<uint64_t> ResourceLimit(int resource) {
  rlimit limit = {};
  if (getrlimit(static_cast<__rlimit_resource_t>(resource), &limit) != 0) return std::nullopt;
  if (limit.rlim_cur == RLIM_INFINITY) return std::nullopt;
  return limit.rlim_cur;
}

}  // namespace

int AllowDescriptors(int wanted) {
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return wanted;
  const auto most = static_cast<rlim_t>(std::max(wanted, 0));
  if (limit.rlim_cur < most) {
    limit.rlim_cur = std::min(most, limit.rlim_max);
    setrlimit(RLIMIT_NOFILE, &limit);
    getrlimit(RLIMIT_NOFILE, &limit);
  }
  return static_cast<int>(std::min<rlim_t>(limit.rlim_cur, INT_MAX));
}

SystemLimits ReadSystemLimits() {
  SystemLimits limits;
  limits.processors_online = static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN));
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  limits.processors_allowed = sched_getaffinity(0, sizeof(allowed), &allowed) == 0
                                  ? CPU_COUNT(&allowed)
                                  : limits.processors_online;

  if (const double quota = CgroupCpuQuota(); quota > 0) limits.cpu_quota = quota;
  for (const std::string& folder : CgroupFolders("memory")) {
    for (const char* file : {"/memory.max", "/memory.limit_in_bytes"}) {
      // Version 1 writes a number near 2^63 where there is no limit.
      const auto bytes = Number(FirstLine(folder + file));
      if (bytes && *bytes < uint64_t{1} << 60) KeepSmaller(limits.memory_limit, *bytes);
    }
  }

  std::ifstream info("/proc/meminfo");
  for (std::string line; std::getline(info, line);) {
    std::istringstream words(line);
    std::string key;
    uint64_t kib = 0;
    words >> key >> kib;
    if (key == "MemTotal:") limits.memory_bytes = kib * 1024;
    if (key == "MemAvailable:") limits.memory_available_bytes = kib * 1024;
  }
  limits.address_limit = ResourceLimit(RLIMIT_AS);
  limits.file_size_limit = ResourceLimit(RLIMIT_FSIZE);

  const std::string pages = FirstLine("/sys/kernel/mm/transparent_hugepage/enabled");
  const size_t open = pages.find('['), close = pages.find(']');
  if (open != std::string::npos && close > open) {
    limits.huge_pages = pages.substr(open + 1, close - open - 1);
  }
  return limits;
}

}  // namespace peel

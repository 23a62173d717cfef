#include "apps/peel/system_limits.h"

#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <sstream>
#include <string_view>
#include <vector>

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

// The folders of the process's cgroup (version 2) from its own up to the root: a limit of any of
// them holds.
std::vector<std::string> CgroupFolders() {
  std::ifstream file("/proc/self/cgroup");
  std::string group;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("0::")) group = line.substr(3);
  }
  std::vector<std::string> folders;
  while (!group.empty() && group != "/") {
    folders.push_back("/sys/fs/cgroup" + group);
    group.resize(group.rfind('/'));
  }
  folders.emplace_back("/sys/fs/cgroup");
  return folders;
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

SystemLimits ReadSystemLimits() {
  SystemLimits limits;
  limits.processors_online = static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN));
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  limits.processors_allowed = sched_getaffinity(0, sizeof(allowed), &allowed) == 0
                                  ? CPU_COUNT(&allowed)
                                  : limits.processors_online;

  for (const std::string& folder : CgroupFolders()) {
    std::istringstream cpu(FirstLine(folder + "/cpu.max"));
    double quota = 0, period = 0;
    if (cpu >> quota >> period && period > 0) KeepSmaller(limits.cpu_quota, quota / period);
    if (const auto bytes = Number(FirstLine(folder + "/memory.max"))) {
      KeepSmaller(limits.memory_limit, *bytes);
    }
  }
  // Version 1 mounts each controller apart; "no limit" is a number near 2^63 there.
  const double quota = std::atof(FirstLine("/sys/fs/cgroup/cpu/cpu.cfs_quota_us").c_str());
  const double period = std::atof(FirstLine("/sys/fs/cgroup/cpu/cpu.cfs_period_us").c_str());
  if (quota > 0 && period > 0) KeepSmaller(limits.cpu_quota, quota / period);
  const auto v1 = Number(FirstLine("/sys/fs/cgroup/memory/memory.limit_in_bytes"));
  if (v1 && *v1 < uint64_t{1} << 60) KeepSmaller(limits.memory_limit, *v1);

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

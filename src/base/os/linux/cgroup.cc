#include "src/base/os/linux/cgroup.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string_view>

namespace peel {
namespace {

// The number a file starts with; 0 where there is no such file or it says "max".
template <typename T>
T NumberIn(const std::string& path) {
  std::ifstream file(path);
  T number = 0;
  return file >> number ? number : T{0};
}

void AppendUpwards(std::string folder, std::string group, std::vector<std::string>& folders) {
  while (group.size() > 1 && group.front() == '/') {
    folders.push_back(folder + group);
    group.resize(group.rfind('/'));
  }
  folders.push_back(std::move(folder));
}

// What versions 2 and 1 call a group's limit, what it uses, and in memory.stat the pages of files
// that are reclaimed first, those of the groups below included.
struct MemoryFiles {
  const char* limit;
  const char* used;
  const char* inactive;
};
constexpr MemoryFiles kMemoryFiles[] = {
    {"/memory.max", "/memory.current", "inactive_file"},
    {"/memory.limit_in_bytes", "/memory.usage_in_bytes", "total_inactive_file"},
};

template <typename Use>
void ForEachMemoryLimit(const CgroupPaths& paths, Use use) {
  for (const std::string& folder : CgroupFolders("memory", paths)) {
    for (const MemoryFiles& files : kMemoryFiles) {
      const auto limit = NumberIn<uint64_t>(folder + files.limit);
      // Version 1 writes a number near 2^63 where there is no limit.
      if (limit != 0 && limit <= (uint64_t{1} << 60)) use(folder, limit, files);
    }
  }
}

// A line "name number" of a file; 0 where there is none.
uint64_t StatIn(const std::string& path, std::string_view name) {
  std::ifstream file(path);
  uint64_t number = 0;
  for (std::string word; file >> word >> number;) {
    if (word == name) return number;
  }
  return 0;
}

bool Lists(const std::string& controllers, std::string_view controller) {
  std::istringstream in(controllers);
  for (std::string name; std::getline(in, name, ',');) {
    if (name == controller) return true;
  }
  return false;
}

}  // namespace

std::vector<std::string> CgroupFolders(const std::string& controller, const CgroupPaths& paths) {
  std::vector<std::string> folders;
  std::ifstream file(paths.membership);
  for (std::string line; std::getline(file, line);) {  // number:controllers:/group
    const size_t first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const std::string group = line.substr(second + 1);
    if (controllers.empty()) {
      AppendUpwards(paths.root, group, folders);
      AppendUpwards(paths.root + "/unified", group, folders);  // beside version 1
    } else if (Lists(controllers, controller)) {
      AppendUpwards(paths.root + "/" + controller, group, folders);
    }
  }
  if (folders.empty()) folders = {paths.root, paths.root + "/" + controller};
  return folders;
}

double CgroupCpuQuota(const CgroupPaths& paths) {
  double least = 0;
  const auto keep = [&](double quota, double period) {
    if (quota <= 0 || period <= 0) return;
    least = least > 0 ? std::min(least, quota / period) : quota / period;
  };
  for (const std::string& folder : CgroupFolders("cpu", paths)) {
    std::ifstream v2(folder + "/cpu.max");  // "max 100000" without a quota
    double quota = 0, period = 0;
    if (v2 >> quota >> period) keep(quota, period);
    keep(NumberIn<double>(folder + "/cpu.cfs_quota_us"),  // -1 without
         NumberIn<double>(folder + "/cpu.cfs_period_us"));
  }
  return least;
}

uint64_t CgroupMemoryLeft(const CgroupPaths& paths) {
  uint64_t least = 0;
  ForEachMemoryLimit(paths, [&](const std::string& folder, uint64_t limit,
                                const MemoryFiles& files) {
    const auto used = NumberIn<uint64_t>(folder + files.used);
    const uint64_t reclaimable = std::min(StatIn(folder + "/memory.stat", files.inactive), used);
    const uint64_t kept = used - reclaimable;
    const uint64_t left = limit > kept ? limit - kept : 1;
    least = least > 0 ? std::min(least, left) : left;
  });
  return least;
}

uint64_t CgroupMemoryLimit(const CgroupPaths& paths) {
  uint64_t least = 0;
  ForEachMemoryLimit(paths, [&](const std::string&, uint64_t limit, const MemoryFiles&) {
    least = least > 0 ? std::min(least, limit) : limit;
  });
  return least;
}

}  // namespace peel

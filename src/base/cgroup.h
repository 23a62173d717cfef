#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace peel {

// Where the kernel tells of control groups. Tests give others.
struct CgroupPaths {
  std::string membership = "/proc/self/cgroup";
  std::string root = "/sys/fs/cgroup";
};

// The folders that may hold limits of this process for a controller ("cpu", "memory"), its own
// group first, then those above it, of version 2 and of version 1. Not all of them need exist:
// inside a container the group's name may be one that only the host sees.
std::vector<std::string> CgroupFolders(const std::string& controller,
                                       const CgroupPaths& paths = {});

// Processors' worth of time that the strictest group allows; 0 where none sets a quota.
double CgroupCpuQuota(const CgroupPaths& paths = {});

// Bytes that the strictest group leaves, at least 1; 0 where none sets a limit.
uint64_t CgroupMemoryLeft(const CgroupPaths& paths = {});

}  // namespace peel

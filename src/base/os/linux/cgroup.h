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

// Bytes that the strictest group leaves, at least 1; 0 where none sets a limit. Cached pages of
// files that nobody has used lately count as free: the kernel gives them up when memory is asked
// for, and a group that has read many files is full of them. Advice, since more may be reclaimed.
uint64_t CgroupMemoryLeft(const CgroupPaths& paths = {});

// The strictest group's limit in bytes; 0 where none sets one.
uint64_t CgroupMemoryLimit(const CgroupPaths& paths = {});

}  // namespace peel

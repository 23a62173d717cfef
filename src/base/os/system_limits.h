#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace peel {

// What bounds this process, as the system tells it; nullopt or "" where there is no bound or no way
// to know.
struct SystemLimits {
  int processors_online = 0;
  int processors_allowed = 0;               // by the affinity mask
  std::optional<double> cpu_quota;          // processors' worth of time the cgroup grants
  uint64_t memory_bytes = 0;                // of the machine
  uint64_t memory_available_bytes = 0;      // free or freeable now
  std::optional<uint64_t> memory_limit;     // of the cgroup
  std::optional<uint64_t> address_limit;    // ulimit -v
  std::optional<uint64_t> file_size_limit;  // ulimit -f
  std::string huge_pages;  // of transparent huge pages: "always", "madvise", "never"
};

// Asked anew at each call, as limits and free memory change.
SystemLimits ReadSystemLimits();

// Raises this process's own limit of open descriptors (`ulimit -n`) to so many, as far as it may.
// Returns how many it may open now.
int AllowDescriptors(int wanted);

}  // namespace peel

#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace peel::engine::ort {

// A GPU as the driver reports it.
struct Gpu {
  std::string name;
  uint64_t memory_bytes = 0, memory_free_bytes = 0;  // free: 0 where it cannot be told
  int compute_major = 0, compute_minor = 0;
};

// NVIDIA's driver as seen through libcuda.so.1, which is loaded for that and asked, nothing else.
struct Driver {
  std::string library;   // the file; "" where it cannot be loaded
  std::string version;   // "550.54.15"; "" where it cannot be told
  int cuda_version = 0;  // the newest that it serves: 12040 for 12.4
  std::vector<Gpu> gpus;
  std::string reason;  // why there is no GPU to be used; "" where there is one
  std::string remedy;  // what to do then

  bool usable() const { return reason.empty(); }
};

// Loads libcuda if it is there. No error: what is missing stands in the answer.
Driver ReadDriver();

// "12.4" for 12040.
std::string CudaVersionText(int version);

}  // namespace peel::engine::ort

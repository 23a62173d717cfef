#pragma once

#include <cstdint>
#include <string>

namespace peel {

// What this machine has and what of it this process may use; for a user to read: system_limits.h.
// 0, false and "": unknown, or no limit.

int ProcessorsAllowed();  // by the affinity mask
double ProcessorQuota();  // processors' worth of time that the strictest control group grants

// Bytes.
uint64_t PhysicalMemory();
uint64_t MemoryAndSwap();
uint64_t GroupMemoryLimit();  // of the strictest control group
uint64_t GroupMemoryLeft();   // of it; files that are merely cached count as free
uint64_t PeakMemory();        // the most that this process has had in memory at one time
uint64_t ResidentMemory();    // what it has in memory now

std::string ProcessorName();      // "AMD EPYC 9654"
std::string ProcessorFeatures();  // Linux's words for them, with spaces between: "fma avx2 …"
bool HasArmDotProduct();          // SDOT and UDOT of 64-bit Arm

// What the kernel's part of the NVIDIA driver says of itself, one line.
std::string NvidiaKernelModule();

}  // namespace peel

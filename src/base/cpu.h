#pragma once

#include <string>
#include <vector>

namespace peel {

// The instruction sets Peel has kernels for, best first, as Highway names them:
// "AVX3_DL", "AVX3" (AVX-512), "AVX2", "SSE4", "SSSE3", "NEON", "EMU128".
// The first is the one in use. The environment variable PEEL_CPU (avx512, avx2, sse4, scalar)
// leaves out all that is better than the one it names; a name that this machine lacks is ignored
// and reported by CpuNote().
std::vector<std::string> CpuTargets();

// The one in use.
std::string CpuTarget();

// The processor's own name ("AMD EPYC 9654"), or "unknown".
std::string CpuModel();

// Features beyond the targets that kernels may use: "avx512_vnni", "avx512_bf16", "amx_bf16",
// "f16c"…
std::vector<std::string> CpuFeatures();

// One line on a PEEL_CPU that could not be honoured; empty otherwise.
std::string CpuNote();

// Applies PEEL_CPU; called once before the first kernel by everything that dispatches. Cheap after.
void InitCpu();

}  // namespace peel

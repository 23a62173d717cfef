#pragma once

#include <string>
#include <vector>

namespace peel {

// The instruction sets Peel has kernels for on this machine, best first, as Highway names them:
// "AVX3" (AVX-512), "AVX2", "SSE4", "NEON", "EMU128", "SCALAR". The first is the one in use.
// The environment variable PEEL_CPU (avx512, avx2, sse4, scalar; neon on Arm) leaves out all that
// is better than the one it names, for everything in this folder's charge: kernels, features,
// caches. It is read once, at the first question; see dispatch.h.
std::vector<std::string> CpuTargets();

// The one in use.
std::string CpuTarget();

// The processor's own name ("AMD EPYC 9654"), or "unknown".
std::string CpuModel();

// Features beyond the targets that kernels may use with the target in use: "avx512_vnni",
// "avx512_bf16", "amx_bf16", "f16c"…
std::vector<std::string> CpuFeatures();

// One line on a PEEL_CPU that could not be honoured; empty otherwise.
std::string CpuNote();

}  // namespace peel

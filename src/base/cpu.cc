#include "src/base/cpu.h"

#include <hwy/targets.h>

#include <cstdlib>
#include <fstream>
#include <mutex>
#include <sstream>

namespace peel {
namespace {

struct Level {
  const char* name;
  int64_t targets;  // what this level and everything below it consists of
};

#if HWY_ARCH_X86
constexpr int64_t kScalar = HWY_EMU128 | HWY_SCALAR;
constexpr int64_t kSse4 = kScalar | HWY_SSSE3 | HWY_SSE4;
constexpr int64_t kAvx2 = kSse4 | HWY_AVX2;
constexpr int64_t kAvx512 = kAvx2 | HWY_AVX3 | HWY_AVX3_DL;
constexpr Level kLevels[] = {
    {"scalar", kScalar}, {"sse4", kSse4}, {"avx2", kAvx2}, {"avx512", kAvx512}};
constexpr int64_t kBest[] = {HWY_EMU128 | HWY_SCALAR, HWY_SSE4, HWY_AVX2, HWY_AVX3};
#else
constexpr int64_t kScalar = HWY_EMU128 | HWY_SCALAR;
constexpr Level kLevels[] = {{"scalar", kScalar}, {"neon", ~int64_t{0}}};
constexpr int64_t kBest[] = {HWY_EMU128 | HWY_SCALAR, HWY_NEON};
#endif

std::string note;

void ApplyEnvironment() {
  const char* wanted = std::getenv("PEEL_CPU");
  if (wanted == nullptr || *wanted == 0) return;
  const std::string name = wanted;
  for (size_t i = 0; i < std::size(kLevels); ++i) {
    if (name != kLevels[i].name) continue;
    if (i > 0 && (hwy::SupportedTargets() & kBest[i]) == 0) {
      note = "PEEL_CPU=" + name + " is ignored: this processor does not have it";
      return;
    }
    hwy::DisableTargets(~kLevels[i].targets);
    return;
  }
  note = "PEEL_CPU=" + name + " is ignored: use one of";
  for (const Level& level : kLevels) note += std::string(" ") + level.name;
}

std::string CpuInfo(const char* key) {
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; std::getline(in, line);) {
    if (line.rfind(key, 0) == 0) {
      const size_t colon = line.find(": ");
      if (colon != std::string::npos) return line.substr(colon + 2);
    }
  }
  return "";
}

}  // namespace

void InitCpu() {
  static std::once_flag once;
  std::call_once(once, ApplyEnvironment);
}

std::vector<std::string> CpuTargets() {
  InitCpu();
  std::vector<std::string> names;
  // In Highway the better target of one architecture has the lower bit.
  const int64_t supported = hwy::SupportedTargets() & HWY_TARGETS;
  for (uint64_t rest = static_cast<uint64_t>(supported); rest != 0; rest &= rest - 1) {
    names.emplace_back(hwy::TargetName(static_cast<int64_t>(rest & (~rest + 1))));
  }
  return names;
}

std::string CpuTarget() {
  const auto targets = CpuTargets();
  return targets.empty() ? "scalar" : targets.front();
}

std::string CpuModel() {
  const std::string model = CpuInfo("model name");
  return model.empty() ? "unknown" : model;
}

std::vector<std::string> CpuFeatures() {
  static const char* const kInteresting[] = {
      "f16c",        "fma",         "avx2",        "avx_vnni", "avx512f",  "avx512bw",
      "avx512_vnni", "avx512_bf16", "avx512_fp16", "amx_tile", "amx_bf16", "amx_int8",
      "asimd",       "asimddp",     "fphp",        "sve",      "i8mm",     "bf16"};
  std::string flags = CpuInfo("flags");
  if (flags.empty()) flags = CpuInfo("Features");
  std::vector<std::string> found;
  std::istringstream in(flags);
  for (std::string flag; in >> flag;) {
    for (const char* f : kInteresting) {
      if (flag == f) found.push_back(flag);
    }
  }
  return found;
}

std::string CpuNote() {
  InitCpu();
  return note;
}

}  // namespace peel

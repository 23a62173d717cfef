#include "src/base/cpu.h"

#include <hwy/targets.h>

#include <cstdlib>
#include <sstream>

#include "src/base/dispatch.h"
#include "src/base/os/file.h"
#include "src/base/os/machine.h"

namespace peel {
namespace {

// Of one architecture the better target has the lower bit, and a level leaves `best` and all that
// is worse: targets that a newer Highway puts between or above need no names here.
struct Level {
  const char* name;
  int64_t best;
};

#if HWY_ARCH_X86
constexpr Level kLevels[] = {
    {"scalar", 0}, {"sse4", HWY_SSE4}, {"avx2", HWY_AVX2}, {"avx512", HWY_AVX3}};
#else
constexpr Level kLevels[] = {{"scalar", 0}, {"neon", HWY_NEON}};
#endif

// What is decided once, at the first question. Never destroyed: threads may still dispatch at exit.
struct Choice {
  Choice();
  void Apply(const std::string& name);

  hwy::ChosenTarget chosen;
  int64_t enabled;
  std::string note;
  std::string trace;
};

Choice::Choice() {
  enabled = hwy::SupportedTargets() & HWY_TARGETS;
  // The question has set Highway's own choice, with 1.0.3 without regard to its mask: let whoever
  // goes by it choose afresh.
  hwy::GetChosenTarget().DeInit();
  if (const char* wanted = std::getenv("PEEL_CPU"); wanted != nullptr && *wanted != 0)
    Apply(wanted);
  if (const char* path = std::getenv("PEEL_CPU_TRACE"); path != nullptr) trace = path;
  chosen.Update(enabled);
}

void Choice::Apply(const std::string& name) {
  for (const Level& level : kLevels) {
    if (name != level.name) continue;
    if (level.best != 0 && (enabled & level.best) == 0) {
      note = "PEEL_CPU=" + name +
             " asks for what this processor lacks: " + hwy::TargetName(enabled & -enabled) +
             " is used";
      return;
    }
    // Without SCALAR or EMU128 the plainest code is that for the target the compiler assumes.
    const int64_t better = level.best != 0 ? level.best - 1 : ~(HWY_EMU128 | HWY_SCALAR);
    enabled &= ~better;
    if (enabled == 0) enabled = HWY_STATIC_TARGET;
    // Also for the libraries that go by Highway's choice, as libjxl does.
    hwy::DisableTargets(better);
    return;
  }
  note = "PEEL_CPU=" + name + " is none of";
  for (const Level& level : kLevels) note += std::string(" ") + level.name;
  note += std::string(": ") + hwy::TargetName(enabled & -enabled) + " is used";
}

Choice& TheChoice() {
  static Choice& choice = *new Choice;
  return choice;
}

std::atomic<const TargetRun*> runs{nullptr};

// Writes PEEL_CPU_TRACE when the process exits, or the library is unloaded.
struct Trace {
  ~Trace() {
    const std::string& path = TheChoice().trace;
    if (path.empty()) return;
    std::string text;
    for (const std::string& line : RunTargets()) text += line + "\n";
    const int fd = OpenFile(path, kOpenWrite | kOpenCreate | kOpenAppend);
    if (fd < 0) return;
    // In one piece: other processes of the same command append theirs.
    [[maybe_unused]] const ptrdiff_t written = WriteOnce(fd, text.data(), text.size());
    CloseFile(fd);
  }
};

}  // namespace

hwy::ChosenTarget& ChosenTarget() { return TheChoice().chosen; }

int64_t EnabledTargets() { return TheChoice().enabled; }

ScopedTarget::ScopedTarget(int64_t target) { ChosenTarget().Update(target); }

ScopedTarget::~ScopedTarget() { ChosenTarget().Update(EnabledTargets()); }

void TargetRun::Add() {
  static Trace trace;
  if (ran.exchange(true)) return;
  const TargetRun* first = runs.load();
  do {
    next = first;
  } while (!runs.compare_exchange_weak(first, this));
}

std::vector<std::string> RunTargets() {
  std::vector<std::string> lines;
  for (const TargetRun* run = runs.load(); run != nullptr; run = run->next) {
    lines.push_back(std::string(run->file) + " " + run->function + " " +
                    hwy::TargetName(run->target));
  }
  return lines;
}

std::vector<std::string> CpuTargets() {
  std::vector<std::string> names;
  for (int64_t rest = EnabledTargets(); rest != 0; rest &= rest - 1) {
    names.emplace_back(hwy::TargetName(rest & -rest));
  }
  return names;
}

std::string CpuTarget() { return hwy::TargetName(EnabledTargets() & -EnabledTargets()); }

std::string CpuModel() {
  const std::string model = ProcessorName();
  return model.empty() ? "unknown" : model;
}

std::vector<std::string> CpuFeatures() {
  // Each with the first target whose kernels may use it.
  static constexpr struct {
    const char* name;
    int64_t target;
  } kInteresting[] = {
#if HWY_ARCH_X86
    {"f16c", HWY_AVX2},
    {"fma", HWY_AVX2},
    {"avx2", HWY_AVX2},
    {"avx_vnni", HWY_AVX2},
    {"avx512f", HWY_AVX3},
    {"avx512bw", HWY_AVX3},
    {"avx512_vnni", HWY_AVX3},
    {"avx512_bf16", HWY_AVX3},
    {"avx512_fp16", HWY_AVX3},
    {"amx_tile", HWY_AVX3},
    {"amx_bf16", HWY_AVX3},
    {"amx_int8", HWY_AVX3},
#else
    {"asimd", HWY_NEON},
    {"asimddp", HWY_NEON},
    {"fphp", HWY_NEON},
    {"sve", HWY_NEON},
    {"i8mm", HWY_NEON},
    {"bf16", HWY_NEON},
#endif
  };
  std::vector<std::string> found;
  std::istringstream in(ProcessorFeatures());
  for (std::string flag; in >> flag;) {
    for (const auto& feature : kInteresting) {
      if (flag == feature.name && (EnabledTargets() & feature.target) != 0) found.push_back(flag);
    }
  }
  return found;
}

std::string CpuNote() { return TheChoice().note; }

}  // namespace peel

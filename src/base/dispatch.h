#pragma once

#include <hwy/targets.h>

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

// Which instruction set's kernels run, and which did. Files with kernels include dispatch-inl.h.
namespace peel {

// The choice that Peel's dispatch goes by: PEEL_CPU (see cpu.h) is read at the first call, whatever
// that is. It is not Highway's own choice, hwy::GetChosenTarget(): all libraries of a process share
// that one, and Highway 1.0.3 takes it back to the best target whenever anybody asks for
// hwy::SupportedTargets().
hwy::ChosenTarget& ChosenTarget();

// The targets that are compiled, that this processor has and that PEEL_CPU leaves, as Highway's
// bits: the better target of one architecture has the lower bit.
int64_t EnabledTargets();

// Holds dispatch to one target, which the processor must have, while it lives. For tests, which
// begin nothing under one target that they go on with under another.
class ScopedTarget {
 public:
  explicit ScopedTarget(int64_t target);
  ~ScopedTarget();
  ScopedTarget(const ScopedTarget&) = delete;
  ScopedTarget& operator=(const ScopedTarget&) = delete;
};

// One exported function as compiled for one target, marked by its own code when it runs. Constant
// initialised; after the first run a mark costs one load.
struct TargetRun {
  constexpr TargetRun(const char* in_file, const char* name, int64_t of_target)
      : file(in_file), function(name), target(of_target) {}
  void Mark() {
    if (!ran.load(std::memory_order_relaxed)) Add();
  }
  void Add();

  const char* file;
  const char* function;
  int64_t target;
  std::atomic<bool> ran{false};
  const TargetRun* next = nullptr;  // of those that ran
};

// What has run since the process began, one line each: "src/image/colour.cc LumaRow AVX2". With
// PEEL_CPU_TRACE=FILE the lines are appended to that file when the process exits.
std::vector<std::string> RunTargets();

}  // namespace peel

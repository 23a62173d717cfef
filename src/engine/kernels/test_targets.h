#pragma once

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <string>
#include <vector>

#include "src/base/cpu.h"

namespace peel::engine {

// A test body that runs once for every compiled target of this machine, with dispatch held to it.
class TargetTest : public ::testing::TestWithParam<int64_t> {
 protected:
  void SetUp() override {
    InitCpu();
    hwy::SetSupportedTargetsForTest(GetParam());
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  }
  void TearDown() override {
    hwy::SetSupportedTargetsForTest(0);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  }
};

// Every target this machine runs, the widest first. Under ThreadSanitizer the widest alone: what it
// looks for is how the work is divided between threads, and that is the same code for all of them.
inline std::vector<int64_t> TestTargets() {
  InitCpu();
  std::vector<int64_t> targets;
#ifdef __SANITIZE_THREAD__
  const int64_t all = hwy::SupportedTargets() & HWY_TARGETS;
  if (all != 0) return {all & -all};
#endif
  for (int64_t rest = hwy::SupportedTargets() & HWY_TARGETS; rest != 0; rest &= rest - 1) {
    targets.push_back(rest & -rest);
  }
  return targets;
}

inline std::string TargetName(const ::testing::TestParamInfo<int64_t>& info) {
  return hwy::TargetName(info.param);
}

}  // namespace peel::engine

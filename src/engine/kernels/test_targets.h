#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "src/base/dispatch.h"

namespace peel::engine {

// A test body that runs once for every compiled target of this machine, with dispatch held to it.
class TargetTest : public ::testing::TestWithParam<int64_t> {
 private:
  ScopedTarget target_{GetParam()};
};

// Every target this machine runs, the widest first. Under ThreadSanitizer the widest alone: what it
// looks for is how the work is divided between threads, and that is the same code for all of them.
inline std::vector<int64_t> TestTargets() {
  std::vector<int64_t> targets;
  for (int64_t rest = EnabledTargets(); rest != 0; rest &= rest - 1) {
    targets.push_back(rest & -rest);
#ifdef __SANITIZE_THREAD__
    break;
#endif
  }
  return targets;
}

inline std::string TargetName(const ::testing::TestParamInfo<int64_t>& info) {
  return hwy::TargetName(info.param);
}

}  // namespace peel::engine

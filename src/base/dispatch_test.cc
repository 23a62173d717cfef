// The dispatch itself: what is chosen is what runs, and leaves its mark.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "src/base/cpu.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/base/dispatch_test.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "src/base/dispatch-inl.h"

HWY_BEFORE_NAMESPACE();
namespace peel::HWY_NAMESPACE {
namespace {

int64_t Here(int64_t& seen) { return seen = HWY_TARGET; }
void Never() {}

PEEL_ENTRY(Here);
PEEL_ENTRY(Never);

}  // namespace
}  // namespace peel::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace peel {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

PEEL_EXPORT(Here);
PEEL_EXPORT(Never);

int64_t Dispatched() {
  int64_t seen = 0;
  const int64_t told = PEEL_DISPATCH(Here)(seen);
  EXPECT_EQ(told, seen);
  return seen;
}

TEST(Dispatch, TakesTheBestThatIsEnabled) {
  EXPECT_EQ(Dispatched(), EnabledTargets() & -EnabledTargets());
  EXPECT_EQ(hwy::TargetName(Dispatched()), CpuTarget());
}

TEST(Dispatch, RunsWhatItIsHeldTo) {
  for (int64_t rest = EnabledTargets(); rest != 0; rest &= rest - 1) {
    const ScopedTarget held(rest & -rest);
    EXPECT_EQ(Dispatched(), rest & -rest);
  }
}

// With Highway 1.0.3 the question alone takes its own choice back to the best target.
TEST(Dispatch, StaysWhateverElseAsksHighway) {
  for (int64_t rest = EnabledTargets(); rest != 0; rest &= rest - 1) {
    const ScopedTarget held(rest & -rest);
    hwy::SupportedTargets();
    CpuTargets();
    EXPECT_EQ(Dispatched(), rest & -rest);
  }
}

TEST(Dispatch, RecordsWhatRan) {
  for (int64_t rest = EnabledTargets(); rest != 0; rest &= rest - 1) {
    const ScopedTarget held(rest & -rest);
    Dispatched();
    EXPECT_THAT(RunTargets(), Contains(std::string("src/base/dispatch_test.cc Here ") +
                                       hwy::TargetName(rest & -rest)));
  }
  EXPECT_THAT(RunTargets(), Not(Contains(HasSubstr("Never"))));
}

}  // namespace
}  // namespace peel
#endif

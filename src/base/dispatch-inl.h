// Dispatch to the kernels of the target in use, instead of Highway's HWY_EXPORT and
// HWY_DYNAMIC_DISPATCH, for what dispatch.h says. Include after foreach_target.h:
//
//   namespace HWY_NAMESPACE {
//   void Luma(const uint8_t* in, uint8_t* out) { … }
//   PEEL_ENTRY(Luma);  // the way in, which leaves a mark in this target's name
//   }
//   #if HWY_ONCE
//   PEEL_EXPORT(Luma);
//   … PEEL_DISPATCH(Luma)(in, out);
//   #endif

#include <hwy/highway.h>

#include "src/base/dispatch.h"

#if defined(PEEL_DISPATCH_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef PEEL_DISPATCH_INL_H_
#undef PEEL_DISPATCH_INL_H_
#else
#define PEEL_DISPATCH_INL_H_
#endif

HWY_BEFORE_NAMESPACE();
namespace peel {
namespace HWY_NAMESPACE {

template <auto kFunction, class Here, class Signature = decltype(kFunction)>
struct Entry;

template <auto kFunction, class Here, class R, class... Args>
struct Entry<kFunction, Here, R (*)(Args...)> {
  static R Call(Args... args) {
    Here::run.Mark();
    return kFunction(static_cast<Args&&>(args)...);
  }
};

}  // namespace HWY_NAMESPACE
}  // namespace peel
HWY_AFTER_NAMESPACE();

#endif  // per target

#ifndef PEEL_ENTRY
#define PEEL_ENTRY(FUNCTION)                                                                       \
  namespace {                                                                                      \
  struct FUNCTION##Here {                                                                          \
    static constinit inline ::peel::TargetRun run{HWY_TARGET_INCLUDE, #FUNCTION, HWY_TARGET};      \
  };                                                                                               \
  constexpr auto& FUNCTION##Entry = ::peel::HWY_NAMESPACE::Entry<&FUNCTION, FUNCTION##Here>::Call; \
  }                                                                                                \
  static_assert(true)
#define PEEL_EXPORT(FUNCTION) HWY_EXPORT(FUNCTION##Entry)
#if HWY_IDE || ((HWY_TARGETS & (HWY_TARGETS - 1)) == 0)
#define PEEL_DISPATCH(FUNCTION) (*(HWY_DISPATCH_TABLE(FUNCTION##Entry)[0]))
#else
#define PEEL_DISPATCH(FUNCTION) \
  (*(HWY_DISPATCH_TABLE(FUNCTION##Entry)[::peel::ChosenTarget().GetIndex()]))
#endif
#endif

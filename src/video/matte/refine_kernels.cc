#include "src/video/matte/refine_kernels.h"

#include <algorithm>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/video/matte/refine_kernels.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "src/base/dispatch-inl.h"

HWY_BEFORE_NAMESPACE();
namespace peel {
namespace video {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using DF = hn::ScalableTag<float>;

HWY_INLINE void Mix(const float* upper, const float* lower, float share, size_t first, size_t last,
                    float* line) {
  const DF d;
  const size_t n = hn::Lanes(d);
  size_t x = first;
  for (; x + n <= last + 1; x += n) {
    const auto u = hn::LoadU(d, upper + x), l = hn::LoadU(d, lower + x);
    hn::StoreU(hn::Add(u, hn::Mul(hn::Set(d, share), hn::Sub(l, u))), d, line + x);
  }
  for (; x <= last; ++x) line[x] = upper[x] + share * (lower[x] - upper[x]);
}

void GuideRun(const GuidedRun& run) {
  const DF d;
  const hn::RebindToSigned<DF> di;
  const hn::Rebind<uint8_t, DF> d8;
  const size_t n = hn::Lanes(d);
  const auto first = static_cast<size_t>(run.first_column);
  const auto last = static_cast<size_t>(run.last_column);
  for (size_t k = 0; k < GuidedModel::kPlanes; ++k) {
    Mix(run.upper[k], run.lower[k], run.share, first, last, run.lines + k * run.grid);
  }
  const auto zero = hn::Zero(d), one = hn::Set(d, 1.0f);
  const auto steep = hn::Set(d, 1.0f / kGuidedSoftEnough);
  for (size_t i = 0; i < run.count; i += n) {
    const auto column = hn::LoadU(di, run.left + i);
    const auto share = hn::LoadU(d, run.right_share + i);
    const auto at = [&](size_t k) HWY_ATTR {
      const float* line = run.lines + k * run.grid;
      const auto l = hn::GatherIndex(d, line, column);
      return hn::Add(l, hn::Mul(share, hn::Sub(hn::GatherIndex(d, line + 1, column), l)));
    };
    auto guided = at(GuidedModel::kConstant);
    for (size_t k = 0; k < 3; ++k) {
      guided = hn::Add(guided, hn::Mul(at(k), hn::LoadU(d, run.samples[k] + i)));
    }
    const auto plain = at(GuidedModel::kMatte);
    const auto weight = hn::Min(hn::Mul(hn::Min(plain, hn::Sub(one, plain)), steep), one);
    guided = hn::Min(hn::Max(guided, zero), one);
    auto v = hn::Add(plain, hn::Mul(weight, hn::Sub(guided, plain)));
    v = hn::Min(hn::Max(v, zero), one);
    v = hn::Add(hn::Mul(v, hn::Set(d, 255.0f)), hn::Set(d, 0.5f));
    const auto bytes = hn::DemoteTo(d8, hn::ConvertTo(di, v));
    if (i + n <= run.count) {
      hn::StoreU(bytes, d8, run.out + i);
    } else {
      uint8_t rest[kGuidedPadding];
      hn::StoreU(bytes, d8, rest);
      std::memcpy(run.out + i, rest, run.count - i);
    }
  }
}

PEEL_ENTRY(GuideRun);

}  // namespace HWY_NAMESPACE
}  // namespace video
}  // namespace peel
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace peel::video {

PEEL_EXPORT(GuideRun);

void GuideRun(const GuidedRun& run) { PEEL_DISPATCH(GuideRun)(run); }

}  // namespace peel::video
#endif  // HWY_ONCE

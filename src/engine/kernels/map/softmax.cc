#include "src/engine/kernels/map/softmax.h"

#include <algorithm>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/engine/kernels/map/softmax.cc"
#include <hwy/foreach_target.h>
//
#include "src/base/dispatch-inl.h"
#include "src/engine/kernels/layout.h"
#include "src/engine/kernels/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace peel::engine {
namespace HWY_NAMESPACE {

using D = hn::CappedTag<float, kBlock>;
using V = hn::VFromD<D>;
constexpr int64_t kLanes = static_cast<int64_t>(hn::MaxLanes(D()));

// lanes <= kLanes neighbouring columns at once, each with its own maximum and sum, down the axis.
void Columns(const SoftmaxProblem& p, const float* in, float* out, int64_t lanes) {
  const D d;
  HWY_ALIGN float part[kLanes] = {};
  const auto load = [&](int64_t k) HWY_ATTR {
    if (lanes == kLanes) return hn::LoadU(d, in + k * p.inner);
    for (int64_t i = 0; i < lanes; ++i) part[i] = in[k * p.inner + i];
    return hn::Load(d, part);
  };
  const auto store = [&](V v, int64_t k) HWY_ATTR {
    if (lanes == kLanes) return hn::StoreU(v, d, out + k * p.inner);
    hn::Store(v, d, part);
    for (int64_t i = 0; i < lanes; ++i) out[k * p.inner + i] = part[i];
  };
  V most = load(0);
  for (int64_t k = 1; k < p.axis; ++k) most = hn::Max(most, load(k));
  V sum = hn::Zero(d);
  for (int64_t k = 0; k < p.axis; ++k) {
    const V shifted = hn::Sub(load(k), most), e = SafeExp(d, shifted);
    sum = hn::Add(sum, e);
    store(p.log ? shifted : e, k);
  }
  const V scale = p.log ? SafeLog(d, sum) : hn::Div(hn::Set(d, 1.0f), sum);
  for (int64_t k = 0; k < p.axis; ++k) {
    HWY_ALIGN float again[kLanes] = {};
    V y;
    if (lanes == kLanes) {
      y = hn::LoadU(d, out + k * p.inner);
    } else {
      for (int64_t i = 0; i < lanes; ++i) again[i] = out[k * p.inner + i];
      y = hn::Load(d, again);
    }
    store(p.log ? hn::Sub(y, scale) : hn::Mul(y, scale), k);
  }
}

// The axis is the last: one row, vectors along it.
void Row(const SoftmaxProblem& p, const float* in, float* out) {
  const D d;
  float most = in[0];
  for (int64_t k = 1; k < p.axis; ++k) most = in[k] > most ? in[k] : most;
  const V vmost = hn::Set(d, most);
  double sum = 0;
  HWY_ALIGN float part[kLanes];
  for (int64_t k = 0; k < p.axis; k += kLanes) {
    const int64_t lanes = std::min(kLanes, p.axis - k);
    std::fill(part, part + kLanes, most);
    std::copy(in + k, in + k + lanes, part);
    const V shifted = hn::Sub(hn::Load(d, part), vmost), e = SafeExp(d, shifted);
    hn::Store(e, d, part);
    for (int64_t i = 0; i < lanes; ++i) sum += part[i];
    if (p.log) hn::Store(shifted, d, part);
    std::copy(part, part + lanes, out + k);
  }
  if (p.log) {
    const float shift = static_cast<float>(std::log(sum));
    for (int64_t k = 0; k < p.axis; ++k) out[k] -= shift;
  } else {
    const float scale = static_cast<float>(1 / sum);
    for (int64_t k = 0; k < p.axis; ++k) out[k] *= scale;
  }
}

void Softmax(const SoftmaxProblem& p, const float* in, float* out, ThreadPool& pool) {
  const int64_t columns = p.inner == 1 ? 1 : DivideUp(p.inner, kLanes);
  // Enough exponentials in a task to pay for handing it out.
  const int64_t jobs = p.outer * columns;
  const int64_t together = std::max<int64_t>(2048 / (p.axis * (p.inner == 1 ? 1 : kLanes)), 1);
  pool.ParallelFor(DivideUp(jobs, together), [&](int64_t item, int) {
    for (int64_t job = item * together; job < std::min(jobs, (item + 1) * together); ++job) {
      const int64_t start = job / columns * p.axis * p.inner + job % columns * kLanes;
      if (p.inner == 1) {
        Row(p, in + start, out + start);
      } else {
        Columns(p, in + start, out + start, std::min(kLanes, p.inner - job % columns * kLanes));
      }
    }
  });
}

PEEL_ENTRY(Softmax);

}  // namespace HWY_NAMESPACE
}  // namespace peel::engine
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace peel::engine {

PEEL_EXPORT(Softmax);

void RunSoftmax(const SoftmaxProblem& problem, const float* input, float* output,
                ThreadPool& pool) {
  PEEL_DISPATCH(Softmax)(problem, input, output, pool);
}

}  // namespace peel::engine
#endif

#include <algorithm>
#include <cmath>

#include "src/engine/kernels/epilogue.h"
#include "src/engine/kernels/map/elementwise.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/engine/kernels/map/binary.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "src/base/dispatch-inl.h"
#include "src/base/thread_pool.h"
#include "src/engine/kernels/layout.h"

HWY_BEFORE_NAMESPACE();
namespace peel::engine {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::CappedTag<float, kBlock>;
using V = hn::VFromD<D>;
constexpr int64_t kLanes = static_cast<int64_t>(hn::MaxLanes(D()));
constexpr int64_t kTaskFloats = 16384;

template <BinaryOp kOp, bool kSwapped>
struct Op {
  V lo, hi;
  HWY_INLINE V operator()(V a, V b) const {
    if (kSwapped) std::swap(a, b);
    V y = a;
    if constexpr (kOp == BinaryOp::kAdd) y = hn::Add(a, b);
    if constexpr (kOp == BinaryOp::kSub) y = hn::Sub(a, b);
    if constexpr (kOp == BinaryOp::kMul) y = hn::Mul(a, b);
    if constexpr (kOp == BinaryOp::kDiv) y = hn::Div(a, b);
    if constexpr (kOp == BinaryOp::kMin) y = hn::Min(a, b);
    if constexpr (kOp == BinaryOp::kMax) y = hn::Max(a, b);
    return hn::Min(hi, hn::Max(lo, y));
  }
};

// out[i] = op(a[i], b(i)) where LoadB gives a vector of b from index i on, all in bounds, and
// BAt one float of it.
template <class F, class LoadB, class BAt>
HWY_INLINE void Zip(const F& op, const float* a, float* out, int64_t count, const LoadB& load_b,
                    const BAt& b_at) {
  const D d;
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    hn::StoreU(op(hn::LoadU(d, a + i), load_b(i)), d, out + i);
  }
  for (; i < count; ++i) {
    out[i] = hn::GetLane(op(hn::Set(d, a[i]), hn::Set(d, b_at(i))));
  }
}

// Pixels [first, last) of one channel (plain) or one block of channels (blocked).
template <class F>
HWY_INLINE void ZipPlane(const F& op, const BinaryProblem& p, int64_t plane, const float* a,
                         const float* b, float* out, int64_t first, int64_t last) {
  const D d;
  const bool blocked = p.layout == Layout::kBlocked;
  if (!blocked) {
    const float* pa = a + plane * p.shape.pixels();
    float* po = out + plane * p.shape.pixels();
    if (p.broadcast == Broadcast::kSame ||
        (p.broadcast == Broadcast::kSpatial && p.spatial_step == 1)) {
      const float* pb =
          b + (p.broadcast == Broadcast::kSame ? plane * p.shape.pixels() : 0) + first;
      Zip(
          op, pa + first, po + first, last - first,
          [&](int64_t i) HWY_ATTR { return hn::LoadU(d, pb + i); },
          [&](int64_t i) HWY_ATTR { return pb[i]; });
    } else if (p.broadcast == Broadcast::kSpatial) {
      for (int64_t i = first; i < last; ++i) {
        po[i] = hn::GetLane(op(hn::Set(d, pa[i]), hn::Set(d, b[i * p.spatial_step])));
      }
    } else {
      const float value = p.broadcast == Broadcast::kScalar ? *b : b[plane];
      const V vector = hn::Set(d, value);
      Zip(
          op, pa + first, po + first, last - first, [&](int64_t) HWY_ATTR { return vector; },
          [&](int64_t) HWY_ATTR { return value; });
    }
    return;
  }
  const int64_t channels = std::min<int64_t>(p.shape.channels - plane * kBlock, kBlock);
  HWY_ALIGN float padded[kBlock] = {};
  if (p.broadcast == Broadcast::kPerChannel) {
    for (int64_t c = 0; c < channels; ++c) padded[c] = b[plane * kBlock + c];
  }
  for (int64_t lane = 0; lane < kBlock; lane += kLanes) {
    const int64_t start = plane * p.shape.pixels() * kBlock + lane;
    const V constant =
        p.broadcast == Broadcast::kScalar ? hn::Set(d, *b) : hn::Load(d, padded + lane);
    const int64_t keep = std::clamp<int64_t>(channels - lane, 0, kLanes);
    const auto mask = hn::FirstN(d, static_cast<size_t>(keep));
    for (int64_t i = first; i < last; ++i) {
      const int64_t at = start + i * kBlock;
      const V vb = p.broadcast == Broadcast::kSame      ? hn::Load(d, b + at)
                   : p.broadcast == Broadcast::kSpatial ? hn::Set(d, b[i * p.spatial_step])
                                                        : constant;
      const V y = op(hn::Load(d, a + at), vb);
      hn::Store(keep == kLanes ? y : hn::IfThenElseZero(mask, y), d, out + at);
    }
  }
}

template <BinaryOp kOp, bool kSwapped>
void Apply(const BinaryProblem& p, Clamp clamp, ConstSlice a, ConstSlice b, Slice output,
           ThreadPool& pool) {
  const bool blocked = p.layout == Layout::kBlocked;
  const int64_t planes = blocked ? ChannelBlocks(p.shape.channels) : p.shape.channels;
  const int64_t piece = std::max<int64_t>(kTaskFloats / (blocked ? kBlock : 1), 1);
  const int64_t pieces = DivideUp(p.shape.pixels(), piece);
  // Many small planes share a task, or handing out would cost more than the work.
  const int64_t together = std::clamp<int64_t>(piece / p.shape.pixels(), 1, planes);
  const int64_t groups = DivideUp(planes, together);
  pool.ParallelFor(p.shape.batch * groups * pieces, [&](int64_t item, int) HWY_ATTR {
    const D d;
    const Op<kOp, kSwapped> op{hn::Set(d, clamp.lo), hn::Set(d, clamp.hi)};
    const int64_t first = item % pieces * piece;
    const int64_t group = item / pieces % groups, n = item / pieces / groups;
    const int64_t last = std::min(first + piece, p.shape.pixels());
    for (int64_t plane = group * together; plane < std::min(planes, (group + 1) * together);
         ++plane) {
      ZipPlane(op, p, plane, a.data + n * a.batch_stride, b.data + n * b.batch_stride,
               output.data + n * output.batch_stride, first, last);
    }
  });
}

void Binary(const BinaryProblem& p, Clamp clamp, ConstSlice a, ConstSlice b, Slice output,
            ThreadPool& pool) {
  switch (p.op) {
    case BinaryOp::kAdd:
      return Apply<BinaryOp::kAdd, false>(p, clamp, a, b, output, pool);
    case BinaryOp::kMul:
      return Apply<BinaryOp::kMul, false>(p, clamp, a, b, output, pool);
    case BinaryOp::kMin:
      return Apply<BinaryOp::kMin, false>(p, clamp, a, b, output, pool);
    case BinaryOp::kMax:
      return Apply<BinaryOp::kMax, false>(p, clamp, a, b, output, pool);
    case BinaryOp::kSub:
      return p.swapped ? Apply<BinaryOp::kSub, true>(p, clamp, a, b, output, pool)
                       : Apply<BinaryOp::kSub, false>(p, clamp, a, b, output, pool);
    case BinaryOp::kDiv:
      return p.swapped ? Apply<BinaryOp::kDiv, true>(p, clamp, a, b, output, pool)
                       : Apply<BinaryOp::kDiv, false>(p, clamp, a, b, output, pool);
  }
}

PEEL_ENTRY(Binary);

}  // namespace HWY_NAMESPACE
}  // namespace peel::engine
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace peel::engine {

PEEL_EXPORT(Binary);

std::string RejectBinary(const BinaryProblem& p) {
  if (p.epilogue.residual) return "a binary operation takes no residual";
  if (p.broadcast == Broadcast::kSpatial && p.spatial_step != 1 && p.spatial_step != kBlock) {
    return "spatial operand is neither plain nor blocked";
  }
  return "";
}

void RunBinary(const BinaryProblem& p, ConstSlice a, ConstSlice b, Slice output, ThreadPool& pool) {
  PEEL_DISPATCH(Binary)(p, ClampOf(p.epilogue), a, b, output, pool);
  if (!IsClamp(p.epilogue)) {
    RunActivation(p.epilogue.activation, p.epilogue.alpha, p.epilogue.beta, p.layout, p.shape,
                  {output.data, output.batch_stride}, output, pool);
  }
}

}  // namespace peel::engine
#endif

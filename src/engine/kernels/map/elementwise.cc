#include "src/engine/kernels/map/elementwise.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/engine/kernels/map/elementwise.cc"
#include <hwy/foreach_target.h>
//
#include "src/base/dispatch-inl.h"
#include "src/engine/kernels/epilogue.h"
#include "src/engine/kernels/layout.h"
#include "src/engine/kernels/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace peel::engine {
namespace HWY_NAMESPACE {

using D = hn::CappedTag<float, kBlock>;
using V = hn::VFromD<D>;
constexpr int64_t kLanes = static_cast<int64_t>(hn::MaxLanes(D()));
// Vectors never straddle a block of 16, so that its tail can be masked.
static_assert(kBlock % kLanes == 0);

template <class Op>
HWY_INLINE void MapRange(const float* in, float* out, int64_t count, const Op& op) {
  const D d;
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) hn::StoreU(op(d, hn::LoadU(d, in + i)), d, out + i);
  if (i < count) {
    HWY_ALIGN float rest[kLanes] = {};
    for (int64_t j = i; j < count; ++j) rest[j - i] = in[j];
    hn::Store(op(d, hn::Load(d, rest)), d, rest);
    for (int64_t j = i; j < count; ++j) out[j] = rest[j - i];
  }
}

// The pixels of a last block: op on the channels that exist, zero in the others.
template <class Op>
HWY_INLINE void MapTailBlock(const float* in, float* out, int64_t pixels, int channels,
                             const Op& op) {
  const D d;
  for (int64_t p = 0; p < pixels; ++p) {
    for (int64_t i = 0; i < kBlock; i += kLanes) {
      const int64_t at = p * kBlock + i;
      const int64_t keep = channels - i;
      V y = hn::Zero(d);
      if (keep > 0) {
        y = op(d, hn::Load(d, in + at));
        if (keep < kLanes) y = hn::IfThenElseZero(hn::FirstN(d, static_cast<size_t>(keep)), y);
      }
      hn::Store(y, d, out + at);
    }
  }
}

// Floats a task handles: enough to pay for handing it out, few enough to share evenly.
constexpr int64_t kChunk = 16384;

template <class Op>
void Map(Layout layout, const Shape4& s, ConstSlice input, Slice output, ThreadPool& pool,
         const Op& op) {
  const int tail = layout == Layout::kBlocked ? static_cast<int>(s.channels % kBlock) : 0;
  const int64_t all = ImageFloats(layout, s);
  const int64_t whole = tail != 0 ? all - s.pixels() * kBlock : all;
  const int64_t whole_tasks = DivideUp(whole, kChunk);
  const int64_t tail_tasks = DivideUp(all - whole, kChunk);
  const int64_t tasks = whole_tasks + tail_tasks;
  pool.ParallelFor(s.batch * tasks, [&](int64_t item, int) HWY_ATTR {
    const int64_t n = item / tasks, task = item % tasks;
    const float* in = input.data + n * input.batch_stride;
    float* out = output.data + n * output.batch_stride;
    if (task < whole_tasks) {
      const int64_t begin = task * kChunk;
      MapRange(in + begin, out + begin, std::min(kChunk, whole - begin), op);
    } else {
      const int64_t begin = whole + (task - whole_tasks) * kChunk;
      MapTailBlock(in + begin, out + begin, std::min(kChunk, all - begin) / kBlock, tail, op);
    }
  });
}

template <Activation kActivation>
struct ActivateOp {
  float alpha, beta;
  HWY_INLINE V operator()(D d, V x) const {
    return Activate<kActivation>(d, x, hn::Set(d, alpha), hn::Set(d, beta));
  }
};

void Activations(Activation activation, float alpha, float beta, Layout layout, const Shape4& shape,
                 ConstSlice input, Slice output, ThreadPool& pool) {
  switch (activation) {
#define PEEL_CASE(name)  \
  case Activation::name: \
    return Map(layout, shape, input, output, pool, ActivateOp<Activation::name>{alpha, beta});
    PEEL_CASE(kNone)
    PEEL_CASE(kRelu)
    PEEL_CASE(kLeakyRelu)
    PEEL_CASE(kClip)
    PEEL_CASE(kSigmoid)
    PEEL_CASE(kTanh)
    PEEL_CASE(kHardSigmoid)
    PEEL_CASE(kHardSwish)
    PEEL_CASE(kSilu)
    PEEL_CASE(kGelu)
    PEEL_CASE(kElu)
    PEEL_CASE(kSoftplus)
#undef PEEL_CASE
  }
}

template <UnaryOp kOp>
struct UnaryFn {
  HWY_INLINE V operator()(D d, V x) const {
    switch (kOp) {
      case UnaryOp::kExp:
        return SafeExp(d, x);
      case UnaryOp::kLog:
        return SafeLog(d, x);
      case UnaryOp::kSqrt:
        return hn::Sqrt(x);
      case UnaryOp::kReciprocal:
        return hn::Div(hn::Set(d, 1.0f), x);
      case UnaryOp::kNeg:
        return hn::Neg(x);
      case UnaryOp::kAbs:
        return hn::Abs(x);
      case UnaryOp::kErf:
        return Erf(d, x);
      case UnaryOp::kFloor:
        return hn::Floor(x);
      case UnaryOp::kCeil:
        return hn::Ceil(x);
    }
    return x;
  }
};

void Unary(UnaryOp op, Layout layout, const Shape4& shape, ConstSlice input, Slice output,
           ThreadPool& pool) {
  switch (op) {
#define PEEL_CASE(name) \
  case UnaryOp::name:   \
    return Map(layout, shape, input, output, pool, UnaryFn<UnaryOp::name>());
    PEEL_CASE(kExp)
    PEEL_CASE(kLog)
    PEEL_CASE(kSqrt)
    PEEL_CASE(kReciprocal)
    PEEL_CASE(kNeg)
    PEEL_CASE(kAbs)
    PEEL_CASE(kErf)
    PEEL_CASE(kFloor)
    PEEL_CASE(kCeil)
#undef PEEL_CASE
  }
}

PEEL_ENTRY(Activations);
PEEL_ENTRY(Unary);

}  // namespace HWY_NAMESPACE
}  // namespace peel::engine
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace peel::engine {

PEEL_EXPORT(Activations);
PEEL_EXPORT(Unary);

void RunActivation(Activation activation, float alpha, float beta, Layout layout,
                   const Shape4& shape, ConstSlice input, Slice output, ThreadPool& pool) {
  PEEL_DISPATCH(Activations)(activation, alpha, beta, layout, shape, input, output, pool);
}

void RunUnary(UnaryOp op, Layout layout, const Shape4& shape, ConstSlice input, Slice output,
              ThreadPool& pool) {
  PEEL_DISPATCH(Unary)(op, layout, shape, input, output, pool);
}

}  // namespace peel::engine
#endif

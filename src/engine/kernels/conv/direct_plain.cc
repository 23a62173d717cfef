#include <algorithm>
#include <cmath>

#include "src/engine/kernels/conv/conv_common.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/engine/kernels/conv/direct_plain.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "src/base/dispatch-inl.h"

HWY_BEFORE_NAMESPACE();
namespace peel::engine {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::CappedTag<float, kBlock>;
using V = hn::VFromD<D>;
constexpr int64_t kLanes = static_cast<int64_t>(hn::MaxLanes(D()));

// out[i] += w * in[i * step].
HWY_INLINE void AddScaled(const float* HWY_RESTRICT in, int64_t step, float w, int64_t count,
                          float* HWY_RESTRICT out) {
  const D d;
  int64_t i = 0;
  if (step == 1) {
    const V vw = hn::Set(d, w);
    for (; i + kLanes <= count; i += kLanes) {
      hn::StoreU(hn::MulAdd(hn::LoadU(d, in + i), vw, hn::LoadU(d, out + i)), d, out + i);
    }
  }
  for (; i < count; ++i) out[i] += w * in[i * step];
}

void PlainConv(const ConvProblem& p, const ConvArgs& args, ThreadPool& pool) {
  const int group_in = p.in_channels / p.groups, group_out = p.out_channels / p.groups;
  const int taps = p.kernel_h * p.kernel_w;
  const float* weights = static_cast<const float*>(args.packed);
  const float* bias = weights + int64_t{p.out_channels} * group_in * taps;
  const Clamp clamp = ClampOf(p.epilogue);
  const int64_t rows = int64_t{p.batch} * p.out_channels * p.out_height;
  const int64_t together = std::clamp<int64_t>(2048 / p.out_width, 1, p.out_height);
  pool.ParallelFor(DivideUp(rows, together), [&](int64_t task, int) HWY_ATTR {
    for (int64_t item = task * together; item < std::min(rows, (task + 1) * together); ++item) {
      const int64_t y = item % p.out_height;
      const int64_t c = item / p.out_height % p.out_channels;
      const int64_t n = item / p.out_height / p.out_channels;
      const int64_t at = (c * p.out_height + y) * p.out_width;
      float* out = args.output + n * args.output_batch_stride + at;
      std::fill(out, out + p.out_width, bias[c]);
      for (int i = 0; i < group_in; ++i) {
        const float* plane = args.input + n * args.input_batch_stride +
                             (c / group_out * group_in + i) * p.in_height * p.in_width;
        const float* w = weights + (c * group_in + i) * taps;
        for (int ky = 0; ky < p.kernel_h; ++ky) {
          const int64_t from_y = y * p.stride_h - p.pad_top + int64_t{ky} * p.dilation_h;
          if (from_y < 0 || from_y >= p.in_height) continue;
          for (int kx = 0; kx < p.kernel_w; ++kx) {
            // The outputs whose tap lies inside the row.
            const int64_t origin = int64_t{kx} * p.dilation_w - p.pad_left;
            const int64_t begin = origin >= 0 ? 0 : DivideUp(-origin, p.stride_w);
            const int64_t end = std::min<int64_t>(
                p.out_width, origin >= p.in_width ? 0 : DivideUp(p.in_width - origin, p.stride_w));
            if (begin >= end) continue;
            AddScaled(plane + from_y * p.in_width + origin + begin * p.stride_w, p.stride_w,
                      w[ky * p.kernel_w + kx], end - begin, out + begin);
          }
        }
      }
      const float* residual =
          p.epilogue.residual ? args.residual + n * args.residual_batch_stride + at : nullptr;
      for (int64_t x = 0; x < p.out_width; ++x) {
        out[x] = FinishValue(out[x], residual, x, clamp);
      }
    }
  });
}

PEEL_ENTRY(PlainConv);

}  // namespace HWY_NAMESPACE
}  // namespace peel::engine
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace peel::engine {
namespace {

// Plain to plain, any groups: rows of pixels are the vectors. For what has too few channels for
// blocks on either side, and for odd groups.

PEEL_EXPORT(PlainConv);

std::string Reject(const ConvProblem& p) {
  return RejectUnlessLayouts(p, Layout::kPlain, Layout::kPlain);
}

double Cost(const ConvProblem& p, int threads) {
  return EstimateMs(MultiplyAdds(p), p.stride_w == 1 && p.out_width >= kBlock ? 0.15 : 0.015, 0,
                    threads);
}

size_t ScratchBytes(const ConvProblem&, int) { return 0; }

void Run(const ConvProblem& problem, const ConvArgs& args, ThreadPool& pool) {
  PEEL_DISPATCH(PlainConv)(problem, args, pool);
  FinishEpilogue(problem, args, pool);
}

}  // namespace

const ConvKernel kDirectPlain = {"direct_plain", Reject,       Cost, PlainPackedBytes,
                                 PackPlain,      ScratchBytes, Run};

}  // namespace peel::engine
#endif

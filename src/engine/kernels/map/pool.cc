#include "src/engine/kernels/map/pool.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/engine/kernels/map/pool.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "src/base/dispatch-inl.h"

HWY_BEFORE_NAMESPACE();
namespace peel::engine {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::CappedTag<float, kBlock>;
using V = hn::VFromD<D>;
constexpr int kLanes = static_cast<int>(hn::MaxLanes(D()));

// The taps of a window along one axis that lie inside the image, and how many its divisor counts.
struct Taps {
  int begin, end, divisor;
};
HWY_INLINE Taps TapsAt(int start, int kernel, int dilation, int extent, int pad_after,
                       bool count_padding) {
  Taps t{0, kernel, kernel};
  if (start < 0) t.begin = (-start + dilation - 1) / dilation;
  if (start + (kernel - 1) * dilation >= extent) t.end = (extent - start + dilation - 1) / dilation;
  if (!count_padding) {
    t.divisor = t.end - t.begin;
  } else if (start + (kernel - 1) * dilation >= extent + pad_after) {
    t.divisor = (extent + pad_after - start + dilation - 1) / dilation;
  }
  return t;
}

template <bool kMax>
void BlockedRow(const PoolProblem& p, const float* HWY_RESTRICT plane, int oy,
                float* HWY_RESTRICT out) {
  const D d;
  const int height = static_cast<int>(p.in.height), width = static_cast<int>(p.in.width);
  const bool padding = p.kind == PoolKind::kAverageIncludePad;
  const int y = oy * p.stride_h - p.pad_top;
  const Taps ty = TapsAt(y, p.kernel_h, p.dilation_h, height, p.pad_bottom, padding);
  const int64_t row_floats = int64_t{width} * kBlock;
  for (int ox = 0; ox < p.out_width; ++ox) {
    const int x = ox * p.stride_w - p.pad_left;
    const Taps tx = TapsAt(x, p.kernel_w, p.dilation_w, width, p.pad_right, padding);
    const V scale = hn::Set(d, 1.0f / static_cast<float>(ty.divisor * tx.divisor));
    for (int i = 0; i < kBlock; i += kLanes) {
      V sum = kMax ? hn::Set(d, -HUGE_VALF) : hn::Zero(d);
      for (int ky = ty.begin; ky < ty.end; ++ky) {
        const float* in = plane + (y + ky * p.dilation_h) * row_floats + int64_t{x} * kBlock + i;
        for (int kx = tx.begin; kx < tx.end; ++kx) {
          const V v = hn::Load(d, in + int64_t{kx} * p.dilation_w * kBlock);
          sum = kMax ? hn::Max(sum, v) : hn::Add(sum, v);
        }
      }
      hn::Store(kMax ? sum : hn::Mul(sum, scale), d, out + int64_t{ox} * kBlock + i);
    }
  }
}

// The commonest window, without a test inside.
void MaxRow2x2(const float* HWY_RESTRICT row0, const float* HWY_RESTRICT row1, int count,
               float* HWY_RESTRICT out) {
  const D d;
  for (int64_t x = 0; x < int64_t{count} * kBlock; x += kBlock) {
    for (int i = 0; i < kBlock; i += kLanes) {
      const V a = hn::Max(hn::Load(d, row0 + 2 * x + i), hn::Load(d, row0 + 2 * x + kBlock + i));
      const V b = hn::Max(hn::Load(d, row1 + 2 * x + i), hn::Load(d, row1 + 2 * x + kBlock + i));
      hn::Store(hn::Max(a, b), d, out + x + i);
    }
  }
}

template <bool kMax>
void PlainRow(const PoolProblem& p, const float* plane, int oy, float* out) {
  const int height = static_cast<int>(p.in.height), width = static_cast<int>(p.in.width);
  const bool padding = p.kind == PoolKind::kAverageIncludePad;
  const int y = oy * p.stride_h - p.pad_top;
  const Taps ty = TapsAt(y, p.kernel_h, p.dilation_h, height, p.pad_bottom, padding);
  for (int ox = 0; ox < p.out_width; ++ox) {
    const int x = ox * p.stride_w - p.pad_left;
    const Taps tx = TapsAt(x, p.kernel_w, p.dilation_w, width, p.pad_right, padding);
    float sum = kMax ? -HUGE_VALF : 0.0f;
    for (int ky = ty.begin; ky < ty.end; ++ky) {
      const float* in = plane + int64_t{y + ky * p.dilation_h} * width + x;
      for (int kx = tx.begin; kx < tx.end; ++kx) {
        const float v = in[kx * p.dilation_w];
        sum = kMax ? (v > sum ? v : sum) : sum + v;
      }
    }
    out[ox] = kMax ? sum : sum * (1.0f / static_cast<float>(ty.divisor * tx.divisor));
  }
}

void Pool(const PoolProblem& p, ConstSlice input, Slice output, ThreadPool& pool) {
  const bool blocked = p.layout == Layout::kBlocked;
  const bool max = p.kind == PoolKind::kMax;
  const bool halving = max && blocked && p.kernel_h == 2 && p.kernel_w == 2 && p.stride_h == 2 &&
                       p.stride_w == 2 && p.dilation_h == 1 && p.dilation_w == 1 &&
                       p.pad_top == 0 && p.pad_left == 0 && p.out_height * 2 <= p.in.height &&
                       p.out_width * 2 <= p.in.width;
  const int64_t planes = blocked ? ChannelBlocks(p.in.channels) : p.in.channels;
  const int64_t step = blocked ? kBlock : 1;
  const int64_t in_plane = p.in.pixels() * step, out_row = p.out_width * step;
  // Rows a task takes: enough work to hand out, few enough to share.
  const int64_t rows = std::clamp<int64_t>(8192 / out_row, 1, p.out_height);
  const int64_t bands = DivideUp(p.out_height, rows);
  pool.ParallelFor(p.in.batch * planes * bands, [&](int64_t item, int) {
    const int64_t plane = item % planes, band = item / planes % bands, n = item / planes / bands;
    const float* in = input.data + n * input.batch_stride + plane * in_plane;
    float* out = output.data + n * output.batch_stride + plane * p.out_height * out_row;
    const int64_t last = std::min<int64_t>((band + 1) * rows, p.out_height);
    for (int64_t y = band * rows; y < last; ++y) {
      const int oy = static_cast<int>(y);
      float* to = out + y * out_row;
      if (halving) {
        const float* row = in + 2 * y * p.in.width * kBlock;
        MaxRow2x2(row, row + p.in.width * kBlock, p.out_width, to);
      } else if (blocked) {
        max ? BlockedRow<true>(p, in, oy, to) : BlockedRow<false>(p, in, oy, to);
      } else {
        max ? PlainRow<true>(p, in, oy, to) : PlainRow<false>(p, in, oy, to);
      }
    }
  });
}

void GlobalPool(PoolKind kind, Layout layout, const Shape4& s, ConstSlice input, Slice output,
                ThreadPool& pool) {
  const bool blocked = layout == Layout::kBlocked;
  const bool max = kind == PoolKind::kMax;
  const int64_t planes = blocked ? ChannelBlocks(s.channels) : s.channels;
  const int64_t step = blocked ? kBlock : 1;
  const float scale = 1.0f / static_cast<float>(s.pixels());
  pool.ParallelFor(s.batch * planes, [&](int64_t item, int) HWY_ATTR {
    const float* in =
        input.data + item / planes * input.batch_stride + item % planes * s.pixels() * step;
    float* out = output.data + item / planes * output.batch_stride + item % planes * step;
    if (!blocked) {
      float best = -HUGE_VALF;
      double sum = 0;
      for (int64_t i = 0; i < s.pixels(); ++i) {
        best = in[i] > best ? in[i] : best;
        sum += in[i];
      }
      *out = max ? best : static_cast<float>(sum / static_cast<double>(s.pixels()));
      return;
    }
    const D d;
    for (int i = 0; i < kBlock; i += kLanes) {
      const V start = max ? hn::Set(d, -HUGE_VALF) : hn::Zero(d);
      V total = start;
      for (int64_t y = 0; y < s.height; ++y) {
        const float* row = in + y * s.width * kBlock + i;
        V even = start, odd = start;
        int64_t x = 0;
        for (; x + 2 <= s.width; x += 2) {
          const V a = hn::Load(d, row + x * kBlock), b = hn::Load(d, row + (x + 1) * kBlock);
          even = max ? hn::Max(even, a) : hn::Add(even, a);
          odd = max ? hn::Max(odd, b) : hn::Add(odd, b);
        }
        if (x < s.width) {
          const V a = hn::Load(d, row + x * kBlock);
          even = max ? hn::Max(even, a) : hn::Add(even, a);
        }
        const V both = max ? hn::Max(even, odd) : hn::Add(even, odd);
        total = max ? hn::Max(total, both) : hn::Add(total, both);
      }
      hn::Store(max ? total : hn::Mul(total, hn::Set(d, scale)), d, out + i);
    }
  });
}

PEEL_ENTRY(Pool);
PEEL_ENTRY(GlobalPool);

}  // namespace HWY_NAMESPACE
}  // namespace peel::engine
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace peel::engine {
namespace {

PEEL_EXPORT(Pool);
PEEL_EXPORT(GlobalPool);

// Whether some window along an axis misses the image.
bool MissesImage(int out, int stride, int kernel, int dilation, int pad, int64_t extent) {
  const auto hits = [&](int64_t o) {
    for (int k = 0; k < kernel; ++k) {
      const int64_t at = o * stride - pad + int64_t{k} * dilation;
      if (at >= 0 && at < extent) return true;
    }
    return false;
  };
  for (int64_t o = 0; o < out; ++o) {
    if (!hits(o)) return true;
  }
  return false;
}

}  // namespace

std::string RejectPool(const PoolProblem& p) {
  if (MissesImage(p.out_height, p.stride_h, p.kernel_h, p.dilation_h, p.pad_top, p.in.height) ||
      MissesImage(p.out_width, p.stride_w, p.kernel_w, p.dilation_w, p.pad_left, p.in.width)) {
    return "a window lies wholly in the padding";
  }
  return "";
}

void RunPool(const PoolProblem& problem, ConstSlice input, Slice output, ThreadPool& pool) {
  PEEL_DISPATCH(Pool)(problem, input, output, pool);
}

void RunGlobalPool(PoolKind kind, Layout layout, const Shape4& in, ConstSlice input, Slice output,
                   ThreadPool& pool) {
  PEEL_DISPATCH(GlobalPool)(kind, layout, in, input, output, pool);
}

}  // namespace peel::engine
#endif

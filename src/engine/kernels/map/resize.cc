#include "src/engine/kernels/map/resize.h"

#include <algorithm>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/engine/kernels/map/resize.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "src/base/dispatch-inl.h"
#include "src/engine/kernels/layout.h"

HWY_BEFORE_NAMESPACE();
namespace peel::engine {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::CappedTag<float, kBlock>;
using V = hn::VFromD<D>;
constexpr int64_t kLanes = static_cast<int64_t>(hn::MaxLanes(D()));

// out = a * wa + b * wb.
HWY_INLINE void Blend(const float* HWY_RESTRICT a, const float* HWY_RESTRICT b, float wa, float wb,
                      int64_t count, float* HWY_RESTRICT out) {
  const D d;
  const V va = hn::Set(d, wa), vb = hn::Set(d, wb);
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    const V sum = hn::MulAdd(vb, hn::LoadU(d, b + i), hn::Mul(va, hn::LoadU(d, a + i)));
    hn::StoreU(sum, d, out + i);
  }
  for (; i < count; ++i) out[i] = std::fma(wb, b[i], wa * a[i]);
}

void Resize(const ResizeProblem& p, const ResizeTap* rows, const ResizeTap* columns, float* buffers,
            int64_t buffer_floats, ConstSlice input, Slice output, ThreadPool& pool) {
  const bool blocked = p.layout == Layout::kBlocked;
  const bool linear = p.mode == ResizeMode::kLinear;
  const int64_t planes = blocked ? ChannelBlocks(p.in.channels) : p.in.channels;
  const int64_t step = blocked ? kBlock : 1;
  const int64_t in_row = p.in.width * step, out_row = p.out_width * step;
  const int64_t band_rows = std::clamp<int64_t>(16384 / out_row, 1, p.out_height);
  const int64_t bands = DivideUp(p.out_height, band_rows);
  const bool widen = p.out_width != p.in.width;
  pool.ParallelFor(p.in.batch * planes * bands, [&](int64_t item, int worker) HWY_ATTR {
    const D d;
    const int64_t plane = item % planes, band = item / planes % bands, n = item / planes / bands;
    const float* in = input.data + n * input.batch_stride + plane * p.in.height * in_row;
    float* out = output.data + n * output.batch_stride + plane * p.out_height * out_row;
    float* buffer = buffers + worker * buffer_floats;
    const int64_t last = std::min<int64_t>((band + 1) * band_rows, p.out_height);
    for (int64_t y = band * band_rows; y < last; ++y) {
      const ResizeTap& row = rows[y];
      const float* line = in + row.near * in_row;
      float* to = out + y * out_row;
      if (linear && row.far_weight != 0) {
        float* blended = widen ? buffer : to;
        Blend(line, in + row.far * in_row, row.near_weight, row.far_weight, in_row, blended);
        line = blended;
      } else if (!widen) {
        std::copy(line, line + in_row, to);
      }
      if (!widen) continue;
      if (!blocked) {
        for (int64_t x = 0; x < p.out_width; ++x) {
          const ResizeTap& c = columns[x];
          to[x] = linear ? std::fma(c.far_weight, line[c.far], c.near_weight * line[c.near])
                         : line[c.near];
        }
        continue;
      }
      for (int64_t x = 0; x < p.out_width; ++x) {
        const ResizeTap& c = columns[x];
        const V wa = hn::Set(d, c.near_weight), wb = hn::Set(d, c.far_weight);
        for (int64_t i = 0; i < kBlock; i += kLanes) {
          V v = hn::Load(d, line + int64_t{c.near} * kBlock + i);
          if (linear) {
            v = hn::MulAdd(wb, hn::Load(d, line + int64_t{c.far} * kBlock + i), hn::Mul(wa, v));
          }
          hn::Store(v, d, to + x * kBlock + i);
        }
      }
    }
  });
}

PEEL_ENTRY(Resize);

}  // namespace HWY_NAMESPACE
}  // namespace peel::engine
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace peel::engine {
namespace {

PEEL_EXPORT(Resize);

// In float throughout, as the other runtimes do it: weights differ by more than rounding otherwise.
float SourceCoordinate(ResizeCoordinates kind, int out_at, float scale, int64_t in, int64_t out) {
  const float x = static_cast<float>(out_at);
  switch (kind) {
    case ResizeCoordinates::kHalfPixel:
      return (x + 0.5f) / scale - 0.5f;
    case ResizeCoordinates::kPytorchHalfPixel:
      return out > 1 ? (x + 0.5f) / scale - 0.5f : 0.0f;
    case ResizeCoordinates::kAlignCorners:
      return out > 1 ? x * static_cast<float>(in - 1) / static_cast<float>(out - 1) : 0.0f;
    case ResizeCoordinates::kAsymmetric:
      return x / scale;
  }
  return x;
}

float Round(ResizeRounding rounding, float x) {
  switch (rounding) {
    case ResizeRounding::kPreferFloor:
      return std::ceil(x - 0.5f);
    case ResizeRounding::kPreferCeil:
      return std::floor(x + 0.5f);
    case ResizeRounding::kFloor:
      return std::floor(x);
    case ResizeRounding::kCeil:
      return std::ceil(x);
  }
  return x;
}

void FillTaps(const ResizeProblem& p, float scale, int64_t in, int64_t out, ResizeTap* taps) {
  if (scale == 0) scale = static_cast<float>(out) / static_cast<float>(in);
  const float last = static_cast<float>(in - 1);
  for (int i = 0; i < out; ++i) {
    float x = SourceCoordinate(p.coordinates, i, scale, in, out);
    ResizeTap& tap = taps[i];
    if (p.mode == ResizeMode::kNearest) {
      tap.near = tap.far = static_cast<int32_t>(std::clamp(Round(p.rounding, x), 0.0f, last));
      tap.near_weight = 1;
      tap.far_weight = 0;
      continue;
    }
    x = std::clamp(x, 0.0f, last);
    tap.near = static_cast<int32_t>(x);
    tap.far = static_cast<int32_t>(std::min<int64_t>(tap.near + 1, in - 1));
    tap.far_weight = x - static_cast<float>(tap.near);
    tap.near_weight = 1.0f - tap.far_weight;
  }
}

int64_t TapFloats(const ResizeProblem& p) {
  return RoundUp((int64_t{p.out_height} + p.out_width) * 4, int64_t{kBlock});
}
int64_t BufferFloats(const ResizeProblem& p) {
  return RoundUp(p.in.width * (p.layout == Layout::kBlocked ? kBlock : 1), int64_t{kBlock});
}

}  // namespace

void FillResizeTaps(const ResizeProblem& p, ResizeTap* rows, ResizeTap* columns) {
  FillTaps(p, p.scale_h, p.in.height, p.out_height, rows);
  FillTaps(p, p.scale_w, p.in.width, p.out_width, columns);
}

std::string RejectResize(const ResizeProblem& p) {
  if (p.in.height > (1 << 24) || p.in.width > (1 << 24) || p.out_height > (1 << 24) ||
      p.out_width > (1 << 24)) {
    return "more than 2^24 pixels along one axis";
  }
  return "";
}

size_t ResizeScratchBytes(const ResizeProblem& p, int threads) {
  return static_cast<size_t>(TapFloats(p) + threads * BufferFloats(p)) * sizeof(float);
}

void RunResize(const ResizeProblem& p, ConstSlice input, Slice output, void* scratch,
               ThreadPool& pool) {
  static_assert(sizeof(ResizeTap) == 4 * sizeof(float));
  ResizeTap* rows = static_cast<ResizeTap*>(scratch);
  ResizeTap* columns = rows + p.out_height;
  FillResizeTaps(p, rows, columns);
  float* buffers = static_cast<float*>(scratch) + TapFloats(p);
  PEEL_DISPATCH(Resize)
  (p, rows, columns, buffers, BufferFloats(p), input, output, pool);
}

}  // namespace peel::engine
#endif

#include <algorithm>
#include <cmath>
#include <cstring>

#include "src/engine/kernels/conv/conv_common.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/engine/kernels/conv/depthwise.cc"
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
constexpr int kTogether = 6;  // pixels, each with an accumulator of its own

struct RowTaps {
  const float* plane;    // of one channel block
  const float* weights;  // [tap][16]
  const float* bias;     // [16]
  int y, ky_begin, ky_end;
  float lo, hi;
};

// NOLINTBEGIN(bugprone-implicit-widening-of-multiplication-result): a tile and its taps are few
template <int kPixels>
HWY_INLINE void Pixels(const ConvProblem& p, const RowTaps& taps, int x0, int kx_begin, int kx_end,
                       const float* residual, float* out) {
  const D d;
  const int64_t step = int64_t{p.stride_w} * kBlock;
  const V lo = hn::Set(d, taps.lo), hi = hn::Set(d, taps.hi);
  for (int lane = 0; lane < kBlock; lane += kLanes) {
    V acc[kPixels];
    const V bias = hn::Load(d, taps.bias + lane);
#pragma GCC unroll 8
    for (int i = 0; i < kPixels; ++i) acc[i] = bias;
    for (int ky = taps.ky_begin; ky < taps.ky_end; ++ky) {
      const float* row =
          taps.plane + (int64_t{taps.y + ky * p.dilation_h} * p.in_width + x0) * kBlock + lane;
      for (int kx = kx_begin; kx < kx_end; ++kx) {
        const V w = hn::Load(d, taps.weights + (ky * p.kernel_w + kx) * kBlock + lane);
        const float* in = row + int64_t{kx} * p.dilation_w * kBlock;
#pragma GCC unroll 8
        for (int i = 0; i < kPixels; ++i) {
          acc[i] = hn::MulAdd(hn::Load(d, in + i * step), w, acc[i]);
        }
      }
    }
#pragma GCC unroll 8
    for (int i = 0; i < kPixels; ++i) {
      if (residual != nullptr) acc[i] = hn::Add(acc[i], hn::Load(d, residual + i * kBlock + lane));
      hn::Store(hn::Min(hi, hn::Max(lo, acc[i])), d, out + i * kBlock + lane);
    }
  }
}
// NOLINTEND(bugprone-implicit-widening-of-multiplication-result)

void DepthwiseRow(const ConvProblem& p, RowTaps taps, int oy, const float* residual, float* out) {
  taps.y = oy * p.stride_h - p.pad_top;
  taps.ky_begin = 0;
  taps.ky_end = p.kernel_h;
  while (taps.ky_begin < taps.ky_end && taps.y + taps.ky_begin * p.dilation_h < 0) ++taps.ky_begin;
  while (taps.ky_end > taps.ky_begin && taps.y + (taps.ky_end - 1) * p.dilation_h >= p.in_height) {
    --taps.ky_end;
  }
  const int reach = (p.kernel_w - 1) * p.dilation_w;
  for (int ox = 0; ox < p.out_width;) {
    const int x0 = ox * p.stride_w - p.pad_left;
    const int last = x0 + (kTogether - 1) * p.stride_w + reach;
    const float* more = residual != nullptr ? residual + int64_t{ox} * kBlock : nullptr;
    float* to = out + int64_t{ox} * kBlock;
    if (ox + kTogether <= p.out_width && x0 >= 0 && last < p.in_width) {
      Pixels<kTogether>(p, taps, x0, 0, p.kernel_w, more, to);
      ox += kTogether;
      continue;
    }
    int begin = 0, end = p.kernel_w;
    while (begin < end && x0 + begin * p.dilation_w < 0) ++begin;
    while (end > begin && x0 + (end - 1) * p.dilation_w >= p.in_width) --end;
    Pixels<1>(p, taps, x0, begin, end, more, to);
    ++ox;
  }
}

void Depthwise(const ConvProblem& p, const ConvArgs& args, ThreadPool& pool) {
  const int64_t blocks = ChannelBlocks(p.in_channels);
  const int64_t taps_floats = int64_t{p.kernel_h} * p.kernel_w * kBlock;
  const float* weights = static_cast<const float*>(args.packed);
  const float* bias = weights + blocks * taps_floats;
  const Clamp clamp = ClampOf(p.epilogue);
  const int64_t in_plane = int64_t{p.in_height} * p.in_width * kBlock;
  const int64_t out_row = int64_t{p.out_width} * kBlock;
  const int64_t rows = std::clamp<int64_t>(8192 / out_row, 1, p.out_height);
  const int64_t bands = DivideUp(p.out_height, rows);
  pool.ParallelFor(p.batch * blocks * bands, [&](int64_t item, int) {
    const int64_t block = item % blocks, band = item / blocks % bands, n = item / blocks / bands;
    RowTaps taps{};
    taps.plane = args.input + n * args.input_batch_stride + block * in_plane;
    taps.weights = weights + block * taps_floats;
    taps.bias = bias + block * kBlock;
    taps.lo = clamp.lo;
    taps.hi = clamp.hi;
    for (int64_t y = band * rows; y < std::min<int64_t>((band + 1) * rows, p.out_height); ++y) {
      const int64_t at = (block * p.out_height + y) * out_row;
      const float* residual =
          p.epilogue.residual ? args.residual + n * args.residual_batch_stride + at : nullptr;
      DepthwiseRow(p, taps, static_cast<int>(y), residual,
                   args.output + n * args.output_batch_stride + at);
    }
  });
}

PEEL_ENTRY(Depthwise);

}  // namespace HWY_NAMESPACE
}  // namespace peel::engine
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace peel::engine {
namespace {

// One filter for each channel, sixteen channels at a time.

PEEL_EXPORT(Depthwise);

std::string Reject(const ConvProblem& p) {
  if (auto why = RejectUnlessLayouts(p, Layout::kBlocked, Layout::kBlocked); !why.empty()) {
    return why;
  }
  if (p.groups != p.in_channels || p.out_channels != p.in_channels) return "is not depthwise";
  return "";
}

size_t PackedBytes(const ConvProblem& p) {
  const int64_t taps = int64_t{p.kernel_h} * p.kernel_w;
  return static_cast<size_t>(ChannelBlocks(p.in_channels) * kBlock * (taps + 1)) * sizeof(float);
}

double Cost(const ConvProblem& p, int threads) {
  const double products = 1.0 * p.batch * p.out_height * p.out_width * p.kernel_h * p.kernel_w *
                          static_cast<double>(ChannelBlocks(p.in_channels)) * kBlock;
  const double bytes = 4.0 * static_cast<double>(TensorFloats(Layout::kBlocked, InputShape(p)) +
                                                 TensorFloats(Layout::kBlocked, OutputShape(p)));
  return EstimateMs(products, 0.4, bytes, threads);
}

void Pack(const ConvProblem& p, const float* weights, const float* bias, void* packed) {
  float* to = static_cast<float*>(packed);
  std::memset(to, 0, PackedBytes(p));
  const int64_t taps = int64_t{p.kernel_h} * p.kernel_w;
  for (int64_t c = 0; c < p.in_channels; ++c) {
    for (int64_t tap = 0; tap < taps; ++tap) {
      to[(c / kBlock * taps + tap) * kBlock + c % kBlock] = weights[c * taps + tap];
    }
  }
  if (bias != nullptr) {
    std::memcpy(to + ChannelBlocks(p.in_channels) * taps * kBlock, bias,
                static_cast<size_t>(p.in_channels) * sizeof(float));
  }
}

size_t ScratchBytes(const ConvProblem&, int) { return 0; }

void Run(const ConvProblem& problem, const ConvArgs& args, ThreadPool& pool) {
  PEEL_DISPATCH(Depthwise)(problem, args, pool);
  FinishEpilogue(problem, args, pool);
}

}  // namespace

const ConvKernel kDepthwise = {"depthwise", Reject, Cost, PackedBytes, Pack, ScratchBytes, Run};

}  // namespace peel::engine
#endif

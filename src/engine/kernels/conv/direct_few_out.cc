#include <algorithm>
#include <cmath>
#include <cstring>

#include "src/engine/kernels/conv/conv_common.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/engine/kernels/conv/direct_few_out.cc"
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
constexpr int kTogether = 8;  // pixels, each with an accumulator of its own

// The sum of each vector's lanes: kCount vectors, in each of them kPartial neighbouring lanes that
// belong together. Pairs of lanes of two vectors are added into one, again and again, which takes a
// third of the steps of one vector after another.
template <int kPartial, int kCount>
HWY_INLINE void SumLanes(const V (&vectors)[kCount], float* sums) {
  const D d;
  if constexpr (kPartial == 1) {
    HWY_ALIGN float lanes[kCount * kLanes];
#pragma GCC unroll 8
    for (int i = 0; i < kCount; ++i) hn::Store(vectors[i], d, lanes + int64_t{i} * kLanes);
    std::memcpy(sums, lanes, sizeof(float) * std::min(kTogether, kCount * kLanes));
  } else {
#if HWY_TARGET != HWY_SCALAR
    constexpr int kHalf = kCount > 1 ? kCount / 2 : 1;
    V halves[kHalf];
#pragma GCC unroll 8
    for (int i = 0; i < kHalf; ++i) {
      const V low = vectors[2 * i % kCount], high = vectors[(2 * i + 1) % kCount];
      halves[i] = hn::Add(hn::ConcatEven(d, high, low), hn::ConcatOdd(d, high, low));
    }
    SumLanes<kPartial / 2>(halves, sums);
#endif
  }
}

// What a run of pixels of one output row and channel has in common.
struct RowTaps {
  const float* image;    // its first block's first pixel
  const float* weights;  // [tap][block][16]
  int y, ky_begin, ky_end;
};

// Sums of kPixels neighbours, first at column x0 of the input for tap 0, over taps [kx_begin,
// kx_end).
template <int kPixels>
HWY_INLINE void Pixels(const ConvProblem& p, const RowTaps& taps, int x0, int kx_begin, int kx_end,
                       float* sums) {
  const D d;
  const int64_t blocks = ChannelBlocks(p.in_channels);
  const int64_t plane = int64_t{p.in_height} * p.in_width * kBlock;
  const int64_t step = int64_t{p.stride_w} * kBlock;
  V acc[kPixels];
#pragma GCC unroll 8
  for (int i = 0; i < kPixels; ++i) acc[i] = hn::Zero(d);
  for (int ky = taps.ky_begin; ky < taps.ky_end; ++ky) {
    const int64_t row = int64_t{taps.y + ky * p.dilation_h} * p.in_width;
    for (int64_t block = 0; block < blocks; ++block) {
      for (int kx = kx_begin; kx < kx_end; ++kx) {
        const float* in =
            taps.image + block * plane + (row + x0 + int64_t{kx} * p.dilation_w) * kBlock;
        const float* w = taps.weights + ((int64_t{ky} * p.kernel_w + kx) * blocks + block) * kBlock;
        for (int lane = 0; lane < kBlock; lane += kLanes) {
          const V weight = hn::Load(d, w + lane);
#pragma GCC unroll 8
          for (int i = 0; i < kPixels; ++i) {
            acc[i] = hn::MulAdd(hn::Load(d, in + i * step + lane), weight, acc[i]);
          }
        }
      }
    }
  }
  if constexpr (kPixels == kTogether) {
    SumLanes<kLanes>(acc, sums);
  } else {
    for (int i = 0; i < kPixels; ++i) sums[i] = hn::GetLane(hn::SumOfLanes(d, acc[i]));
  }
}

void FewOutRow(const ConvProblem& p, const float* image, const float* weights, int oy,
               float* sums) {
  RowTaps taps{image, weights, oy * p.stride_h - p.pad_top, 0, p.kernel_h};
  while (taps.ky_begin < taps.ky_end && taps.y + taps.ky_begin * p.dilation_h < 0) ++taps.ky_begin;
  while (taps.ky_end > taps.ky_begin && taps.y + (taps.ky_end - 1) * p.dilation_h >= p.in_height) {
    --taps.ky_end;
  }
  const int reach = (p.kernel_w - 1) * p.dilation_w;
  for (int ox = 0; ox < p.out_width;) {
    const int x0 = ox * p.stride_w - p.pad_left;
    const int last = x0 + (kTogether - 1) * p.stride_w + reach;
    if (ox + kTogether <= p.out_width && x0 >= 0 && last < p.in_width) {
      Pixels<kTogether>(p, taps, x0, 0, p.kernel_w, sums + ox);
      ox += kTogether;
      continue;
    }
    int begin = 0, end = p.kernel_w;
    while (begin < end && x0 + begin * p.dilation_w < 0) ++begin;
    while (end > begin && x0 + (end - 1) * p.dilation_w >= p.in_width) --end;
    Pixels<1>(p, taps, x0, begin, end, sums + ox);
    ++ox;
  }
}

void FewOut(const ConvProblem& p, const ConvArgs& args, ThreadPool& pool) {
  const int64_t blocks = ChannelBlocks(p.in_channels);
  const int64_t channel_weights = int64_t{p.kernel_h} * p.kernel_w * blocks * kBlock;
  const float* weights = static_cast<const float*>(args.packed);
  const float* bias = weights + p.out_channels * channel_weights;
  const Clamp clamp = ClampOf(p.epilogue);
  pool.ParallelFor(int64_t{p.batch} * p.out_height, [&](int64_t item, int) {
    const int64_t image = item / p.out_height, y = item % p.out_height;
    for (int64_t c = 0; c < p.out_channels; ++c) {
      const int64_t at = (c * p.out_height + y) * p.out_width;
      float* out = args.output + image * args.output_batch_stride + at;
      const float* residual =
          p.epilogue.residual ? args.residual + image * args.residual_batch_stride + at : nullptr;
      FewOutRow(p, args.input + image * args.input_batch_stride, weights + c * channel_weights,
                static_cast<int>(y), out);
      for (int x = 0; x < p.out_width; ++x) {
        out[x] = FinishValue(out[x] + bias[c], residual, x, clamp);
      }
    }
  });
}

PEEL_ENTRY(FewOut);

}  // namespace HWY_NAMESPACE
}  // namespace peel::engine
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace peel::engine {
namespace {

// A blocked input to a plain output of few channels: heads and side outputs. Sixteen input channels
// are the lanes of one sum, so no output channel is padded.

constexpr int kMostChannels = 4;

PEEL_EXPORT(FewOut);

std::string Reject(const ConvProblem& p) {
  if (auto why = RejectUnlessLayouts(p, Layout::kBlocked, Layout::kPlain); !why.empty()) return why;
  if (p.groups != 1) return "has groups";
  if (p.out_channels > kMostChannels) return "more than 4 output channels";
  return "";
}

size_t PackedBytes(const ConvProblem& p) {
  const int64_t taps = int64_t{p.kernel_h} * p.kernel_w;
  return static_cast<size_t>(p.out_channels * taps * ChannelBlocks(p.in_channels) * kBlock +
                             p.out_channels) *
         sizeof(float);
}

double Cost(const ConvProblem& p, int threads) {
  const double products = 1.0 * p.batch * p.out_height * p.out_width * p.out_channels * p.kernel_h *
                          p.kernel_w * static_cast<double>(ChannelBlocks(p.in_channels)) * kBlock;
  const double bytes = 4.0 * static_cast<double>(TensorFloats(Layout::kBlocked, InputShape(p)));
  return EstimateMs(products, 0.5, bytes, threads);
}

void Pack(const ConvProblem& p, const float* weights, const float* bias, void* packed) {
  float* to = static_cast<float*>(packed);
  std::memset(to, 0, PackedBytes(p));
  const int64_t taps = int64_t{p.kernel_h} * p.kernel_w, blocks = ChannelBlocks(p.in_channels);
  for (int64_t n = 0; n < p.out_channels; ++n) {
    for (int64_t c = 0; c < p.in_channels; ++c) {
      for (int64_t tap = 0; tap < taps; ++tap) {
        to[((n * taps + tap) * blocks + c / kBlock) * kBlock + c % kBlock] =
            weights[(n * p.in_channels + c) * taps + tap];
      }
    }
    to[p.out_channels * taps * blocks * kBlock + n] = bias != nullptr ? bias[n] : 0.0f;
  }
}

size_t ScratchBytes(const ConvProblem&, int) { return 0; }

void Run(const ConvProblem& problem, const ConvArgs& args, ThreadPool& pool) {
  PEEL_DISPATCH(FewOut)(problem, args, pool);
  FinishEpilogue(problem, args, pool);
}

}  // namespace

const ConvKernel kDirectFewOut = {"direct_few_out", Reject, Cost, PackedBytes, Pack,
                                  ScratchBytes,     Run};

}  // namespace peel::engine
#endif

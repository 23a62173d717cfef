#include <cmath>
#include <cstring>

#include "src/engine/kernels/bytes/qconv_common.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/engine/kernels/bytes/qconv_depthwise.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "src/base/dispatch-inl.h"

HWY_BEFORE_NAMESPACE();
namespace peel::engine {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

using DI = hn::CappedTag<int32_t, kBlock>;
using DF = hn::Rebind<float, DI>;
using DB = hn::Rebind<uint8_t, DI>;
using VI = hn::VFromD<DI>;
constexpr int kLanes = static_cast<int>(hn::MaxLanes(DI()));

// One output row of a block of channels. weights [tap][16].
void DepthwiseRow(const QConvProblem& q, const uint8_t* image, const float* multiplier,
                  const int32_t* bias, const int32_t* weights, int oy, void* output, int64_t at) {
  const ConvProblem& p = q.conv;
  const DI di;
  const DF df;
  const DB db;
  const Clamp clamp = ClampOf(p.epilogue);
  const auto lo = hn::Set(df, q.to_float ? clamp.lo : q.range.least());
  const auto hi = hn::Set(df, q.to_float ? clamp.hi : q.range.most());
  const VI x_zero = hn::Set(di, q.x_zero), y_zero = hn::Set(di, q.range.zero);
  const int y = oy * p.stride_h - p.pad_top;
  const auto inside = [](int start, int tap, int dilation, int extent) {
    const int64_t i = start + int64_t{tap} * dilation;
    return i >= 0 && i < extent;
  };
  for (int ox = 0; ox < p.out_width; ++ox, at += kBlock) {
    const int x = ox * p.stride_w - p.pad_left;
    for (int i = 0; i < kBlock; i += kLanes) {
      VI sum = hn::Load(di, bias + i);
      for (int ky = 0; ky < p.kernel_h; ++ky) {
        if (!inside(y, ky, p.dilation_h, p.in_height)) continue;
        const uint8_t* row =
            image + (int64_t{y} + int64_t{ky} * p.dilation_h) * p.in_width * kBlock + i;
        const int32_t* w = weights + int64_t{ky} * p.kernel_w * kBlock + i;
        for (int kx = 0; kx < p.kernel_w; ++kx) {
          if (!inside(x, kx, p.dilation_w, p.in_width)) continue;
          const VI byte = hn::PromoteTo(
              di, hn::LoadU(db, row + (int64_t{x} + int64_t{kx} * p.dilation_w) * kBlock));
          // NOLINTNEXTLINE(bugprone-implicit-widening-of-multiplication-result): taps
          sum = hn::Add(sum, hn::Mul(hn::Sub(byte, x_zero), hn::Load(di, w + kx * kBlock)));
        }
      }
      const auto scaled = hn::Mul(hn::ConvertTo(df, sum), hn::Load(df, multiplier + i));
      const auto result = hn::Min(hi, hn::Max(lo, scaled));
      if (q.to_float) {
        hn::Store(result, df, static_cast<float*>(output) + at + i);
        continue;
      }
#if HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128
      for (int lane = 0; lane < kLanes; ++lane) {
        static_cast<uint8_t*>(output)[at + i + lane] =
            RoundToByte(hn::ExtractLane(result, static_cast<size_t>(lane)), q.range);
      }
      static_cast<void>(y_zero);
#else
      hn::StoreU(hn::DemoteTo(db, hn::Add(hn::NearestInt(result), y_zero)), db,
                 static_cast<uint8_t*>(output) + at + i);
#endif
    }
  }
}

// packed: multipliers, biases, weights [block][tap][16].
void Depthwise(const QConvProblem& q, const QConvArgs& args, ThreadPool& pool) {
  const ConvProblem& p = q.conv;
  const int64_t blocks = ChannelBlocks(p.out_channels), channels = blocks * kBlock;
  const int64_t taps = int64_t{p.kernel_h} * p.kernel_w;
  const int64_t in_plane = int64_t{p.in_height} * p.in_width * kBlock;
  const auto* scales = static_cast<const float*>(args.packed);
  const auto* biases = static_cast<const int32_t*>(args.packed) + channels;
  const int32_t* weights = biases + channels;
  const int64_t rows = std::clamp<int64_t>(1024 / p.out_width, 1, p.out_height);
  const int64_t bands = DivideUp(p.out_height, rows);
  pool.ParallelFor(p.batch * blocks * bands, [&](int64_t item, int) HWY_ATTR {
    const int64_t block = item % blocks, band = item / blocks % bands, n = item / blocks / bands;
    const int64_t last = std::min<int64_t>((band + 1) * rows, p.out_height);
    for (int64_t y = band * rows; y < last; ++y) {
      DepthwiseRow(
          q, args.input + n * args.input_batch_stride + block * in_plane, scales + block * kBlock,
          biases + block * kBlock, weights + block * taps * kBlock, static_cast<int>(y),
          args.output,
          n * args.output_batch_stride + (block * p.out_height + y) * p.out_width * kBlock);
    }
  });
}

PEEL_ENTRY(Depthwise);

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace peel::engine
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace peel::engine {
namespace {

PEEL_EXPORT(Depthwise);

std::string Reject(const QConvProblem& q) {
  const ConvProblem& p = q.conv;
  if (auto why = RejectQConv(q); !why.empty()) return why;
  if (auto why = RejectUnlessLayouts(p, Layout::kBlocked, Layout::kBlocked); !why.empty()) {
    return why;
  }
  if (p.groups != p.in_channels || p.groups != p.out_channels) return "is not depthwise";
  const Clamp clamp = ClampOf(p.epilogue);
  if (q.to_float && p.out_channels % kBlock != 0 && (clamp.lo > 0 || clamp.hi < 0)) {
    return "clamps away from 0";
  }
  return "";
}

int64_t Channels(const ConvProblem& p) { return ChannelBlocks(p.out_channels) * kBlock; }
int64_t Taps(const ConvProblem& p) { return int64_t{p.kernel_h} * p.kernel_w; }

size_t PackedBytes(const QConvProblem& q) {
  return static_cast<size_t>(Channels(q.conv) * (2 + Taps(q.conv)) * 4);
}

double Cost(const QConvProblem& q, int threads) {
  const ConvProblem& p = q.conv;
  const auto in = static_cast<double>(TensorFloats(Layout::kBlocked, InputShape(p)));
  const auto out = static_cast<double>(TensorFloats(Layout::kBlocked, OutputShape(p)));
  return EstimateMs(out * static_cast<double>(Taps(p)), 0.3, in + out, threads) + 0.002;
}

void Pack(const QConvProblem& q, const int8_t* weights, const int32_t* bias,
          const float* multiplier, void* packed) {
  const ConvProblem& p = q.conv;
  std::memset(packed, 0, PackedBytes(q));
  const int64_t channels = Channels(p), taps = Taps(p);
  auto* scales = static_cast<float*>(packed);
  auto* biases = static_cast<int32_t*>(packed) + channels;
  int32_t* wide = biases + channels;
  for (int64_t c = 0; c < p.out_channels; ++c) {
    scales[c] = multiplier[c];
    biases[c] = bias ? bias[c] : 0;
    for (int64_t tap = 0; tap < taps; ++tap) {
      wide[(c / kBlock * taps + tap) * kBlock + c % kBlock] = weights[c * taps + tap];
    }
  }
}

size_t ScratchBytes(const QConvProblem&, int) { return 0; }

void Run(const QConvProblem& q, const QConvArgs& args, ThreadPool& pool) {
  PEEL_DISPATCH(Depthwise)(q, args, pool);
}

}  // namespace

const QConvKernel kQConvDepthwise = {"qconv_depthwise", Reject, Cost, PackedBytes, Pack,
                                     ScratchBytes,      Run};

}  // namespace peel::engine
#endif

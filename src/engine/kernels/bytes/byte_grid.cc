// Between float32 and bytes, and sums of bytes.
#include <algorithm>
#include <cmath>

#include "src/engine/kernels/bytes/bytes.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/engine/kernels/bytes/byte_grid.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "src/base/dispatch-inl.h"

HWY_BEFORE_NAMESPACE();
namespace peel::engine {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

using DF = hn::CappedTag<float, kBlock>;
using DI = hn::Rebind<int32_t, DF>;
using DB = hn::Rebind<uint8_t, DF>;
using VF = hn::VFromD<DF>;
constexpr int64_t kLanes = static_cast<int64_t>(hn::MaxLanes(DF()));
constexpr int64_t kTask = 16 << 10;  // elements
constexpr int64_t kSquare = 64;      // pixels that are turned from planes to blocks at once

// x is clamped already.
HWY_INLINE void StoreByte(VF x, int zero, uint8_t* out) {
#if HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128
  for (int64_t i = 0; i < kLanes; ++i) {
    const float value = hn::ExtractLane(x, static_cast<size_t>(i));
    out[i] = static_cast<uint8_t>(static_cast<int>(std::nearbyint(value)) + zero);
  }
#else
  hn::StoreU(hn::DemoteTo(DB(), hn::Add(hn::NearestInt(x), hn::Set(DI(), zero))), DB(), out);
#endif
}

void QuantizeRun(const ByteGrid& grid, const float* HWY_RESTRICT x, int64_t count,
                 uint8_t* HWY_RESTRICT y) {
  const DF d;
  const ByteRange range{grid.zero, 0, 255};
  const VF lo = hn::Set(d, range.least()), hi = hn::Set(d, range.most());
  const VF scale = hn::Set(d, grid.scale);
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    const VF v = hn::Div(hn::LoadU(d, x + i), scale);
    StoreByte(hn::Min(hn::Max(v, lo), hi), grid.zero, y + i);
  }
  for (; i < count; ++i) y[i] = RoundToByte(x[i] / grid.scale, range);
}

void DequantizeRun(const ByteGrid& grid, const uint8_t* HWY_RESTRICT x, int64_t count,
                   float* HWY_RESTRICT y) {
  const DF d;
  const VF scale = hn::Set(d, grid.scale);
  const auto zero = hn::Set(DI(), grid.zero);
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    const auto byte = hn::PromoteTo(DI(), hn::LoadU(DB(), x + i));
    hn::StoreU(hn::Mul(hn::ConvertTo(d, hn::Sub(byte, zero)), scale), d, y + i);
  }
  for (; i < count; ++i) y[i] = static_cast<float>(x[i] - grid.zero) * grid.scale;
}

void AddRun(const ByteSum& sum, const uint8_t* a, const uint8_t* b, int64_t count, uint8_t* y) {
  const DF d;
  const VF lo = hn::Set(d, sum.range.least()), hi = hn::Set(d, sum.range.most());
  const auto a_zero = hn::Set(DI(), sum.a_zero), b_zero = hn::Set(DI(), sum.b_zero);
  const VF a_scale = hn::Set(d, sum.a_scale), b_scale = hn::Set(d, sum.b_scale);
  // The compiler may fuse a product with an addition where the CPU can, which would round once
  // instead of twice and differ from CPU to CPU. It does not across a clamp that never takes hold.
  const VF least = hn::Set(d, -3e38f);
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    const auto left = hn::Sub(hn::PromoteTo(DI(), hn::LoadU(DB(), a + i)), a_zero);
    const auto right = hn::Sub(hn::PromoteTo(DI(), hn::LoadU(DB(), b + i)), b_zero);
    const VF x = hn::Max(hn::Mul(hn::ConvertTo(d, left), a_scale), least);
    const VF z = hn::Max(hn::Mul(hn::ConvertTo(d, right), b_scale), least);
    StoreByte(hn::Min(hi, hn::Max(lo, hn::Add(x, z))), sum.range.zero, y + i);
  }
  for (; i < count; ++i) {
    const volatile float left = static_cast<float>(a[i] - sum.a_zero) * sum.a_scale;
    const volatile float right = static_cast<float>(b[i] - sum.b_zero) * sum.b_scale;
    y[i] = RoundToByte(left + right, sum.range);
  }
}

// run(from, count, to) over every element, with the change of layout that there is.
template <typename From, typename To, typename Run>
void Convert(const Shape4& s, Layout from, const From* x, int64_t x_stride, Layout to, To* y,
             int64_t y_stride, ThreadPool& pool, const Run& run) {
  const int64_t pixels = s.pixels();
  const bool blocked = from == Layout::kBlocked || to == Layout::kBlocked;
  const int64_t planes = blocked ? ChannelBlocks(s.channels) : s.channels;
  const int64_t step = blocked ? kBlock : 1;
  const int64_t piece = kTask / step, pieces = DivideUp(pixels, piece);
  pool.ParallelFor(s.batch * planes * pieces, [&](int64_t item, int) HWY_ATTR {
    const int64_t first = item % pieces * piece, plane = item / pieces % planes;
    const int64_t n = item / pieces / planes;
    const int64_t count = std::min(piece, pixels - first);
    const From* in = x + n * x_stride + plane * pixels * step;
    To* out = y + n * y_stride + plane * pixels * step;
    const int64_t channels = blocked ? std::min<int64_t>(s.channels - plane * kBlock, kBlock) : 1;
    if (from == to) {
      run(in + first * step, count * step, out + first * step);
    } else if (from == Layout::kPlain) {
      To square[kBlock * kSquare];
      for (int64_t p = first; p < first + count; p += kSquare) {
        const int64_t wide = std::min(kSquare, first + count - p);
        for (int64_t c = 0; c < channels; ++c) run(in + c * pixels + p, wide, square + c * kSquare);
        for (int64_t i = 0; i < wide; ++i) {
          To* pixel = out + (p + i) * kBlock;
          for (int64_t c = 0; c < channels; ++c) pixel[c] = square[c * kSquare + i];
          for (int64_t c = channels; c < kBlock; ++c) pixel[c] = 0;
        }
      }
      return;
    } else {
      To square[kBlock * kSquare];
      for (int64_t p = first; p < first + count; p += kSquare) {
        const int64_t wide = std::min(kSquare, first + count - p);
        run(in + p * kBlock, wide * kBlock, square);
        for (int64_t c = 0; c < channels; ++c) {
          for (int64_t i = 0; i < wide; ++i) out[c * pixels + p + i] = square[i * kBlock + c];
        }
      }
      return;
    }
    if (to != Layout::kBlocked || channels == kBlock) return;
    for (int64_t i = first; i < first + count; ++i) {
      std::fill(out + i * kBlock + channels, out + (i + 1) * kBlock, To{0});
    }
  });
}

void Quantize(const ByteGrid& grid, const Shape4& s, Layout from, ConstSlice x, Layout to, Bytes y,
              ThreadPool& pool) {
  Convert(s, from, x.data, x.batch_stride, to, y.data, y.batch_stride, pool,
          [&](const float* in, int64_t count, uint8_t* out)
              HWY_ATTR { QuantizeRun(grid, in, count, out); });
}

void Dequantize(const ByteGrid& grid, const Shape4& s, Layout from, ConstBytes x, Layout to,
                Slice y, ThreadPool& pool) {
  Convert(s, from, x.data, x.batch_stride, to, y.data, y.batch_stride, pool,
          [&](const uint8_t* in, int64_t count, float* out)
              HWY_ATTR { DequantizeRun(grid, in, count, out); });
}

void Add(const ByteSum& sum, int64_t batch, int64_t count, ConstBytes a, ConstBytes b, Bytes y,
         ThreadPool& pool) {
  const int64_t pieces = DivideUp(count, kTask);
  pool.ParallelFor(batch * pieces, [&](int64_t item, int) HWY_ATTR {
    const int64_t n = item / pieces, first = item % pieces * kTask;
    AddRun(sum, a.data + n * a.batch_stride + first, b.data + n * b.batch_stride + first,
           std::min(kTask, count - first), y.data + n * y.batch_stride + first);
  });
}

PEEL_ENTRY(Quantize);
PEEL_ENTRY(Dequantize);
PEEL_ENTRY(Add);

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace peel::engine
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace peel::engine {

PEEL_EXPORT(Quantize);
PEEL_EXPORT(Dequantize);
PEEL_EXPORT(Add);

void RunQuantize(const ByteGrid& grid, const Shape4& shape, Layout from, ConstSlice x, Layout to,
                 Bytes y, ThreadPool& pool) {
  PEEL_DISPATCH(Quantize)(grid, shape, from, x, to, y, pool);
}

void RunDequantize(const ByteGrid& grid, const Shape4& shape, Layout from, ConstBytes x, Layout to,
                   Slice y, ThreadPool& pool) {
  PEEL_DISPATCH(Dequantize)(grid, shape, from, x, to, y, pool);
}

void RunByteAdd(const ByteSum& sum, int64_t batch, int64_t count, ConstBytes a, ConstBytes b,
                Bytes y, ThreadPool& pool) {
  PEEL_DISPATCH(Add)(sum, batch, count, a, b, y, pool);
}

}  // namespace peel::engine
#endif

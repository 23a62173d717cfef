#include "src/image/resize_kernels.h"

#include <algorithm>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/image/resize_kernels.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "src/base/dispatch-inl.h"

HWY_BEFORE_NAMESPACE();
namespace peel::resize {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET != HWY_SCALAR

// Lanes of 32 bits an output value's partial sums have. Eight at most: wider vectors would spend
// more on adding them up than they save, a window being some 8 to 80 taps long.
using D32 = hn::CappedTag<int32_t, 8>;
using DF32 = hn::CappedTag<float, 8>;

// ------------------------------------------------------------------ samples to planes

template <int kChannels>
void Widen(const uint8_t* HWY_RESTRICT in, int width, int16_t* HWY_RESTRICT planes, size_t stride) {
  const hn::ScalableTag<int16_t> d;
  const hn::Rebind<uint8_t, decltype(d)> d8;
  const int n = static_cast<int>(hn::Lanes(d));
  int x = 0;
  for (; x + n <= width; x += n) {
    if constexpr (kChannels == 1) {
      hn::StoreU(hn::PromoteTo(d, hn::LoadU(d8, in + x)), d, planes + x);
    } else if constexpr (kChannels == 3) {
      hn::Vec<decltype(d8)> a, b, c;
      hn::LoadInterleaved3(d8, in + ptrdiff_t{x} * 3, a, b, c);
      hn::StoreU(hn::PromoteTo(d, a), d, planes + x);
      hn::StoreU(hn::PromoteTo(d, b), d, planes + stride + x);
      hn::StoreU(hn::PromoteTo(d, c), d, planes + 2 * stride + x);
    } else if constexpr (kChannels == 4) {
      hn::Vec<decltype(d8)> a, b, c, e;
      hn::LoadInterleaved4(d8, in + ptrdiff_t{x} * 4, a, b, c, e);
      hn::StoreU(hn::PromoteTo(d, a), d, planes + x);
      hn::StoreU(hn::PromoteTo(d, b), d, planes + stride + x);
      hn::StoreU(hn::PromoteTo(d, c), d, planes + 2 * stride + x);
      hn::StoreU(hn::PromoteTo(d, e), d, planes + 3 * stride + x);
    } else {
      break;
    }
  }
  for (; x < width; ++x) {
    for (int c = 0; c < kChannels; ++c) planes[c * stride + x] = in[x * kChannels + c];
  }
}

template <int kChannels>
void Separate(const float* HWY_RESTRICT in, int width, float* HWY_RESTRICT planes, size_t stride) {
  for (int c = 0; c < kChannels; ++c) {
    for (int x = 0; x < width; ++x) planes[c * stride + x] = in[x * kChannels + c];
  }
}

// ------------------------------------------------------------------ windows to partial sums

// d has two 16-bit lanes for each lane of partial sums; short windows use half vectors.
template <int kChannels, class D>
void DotU8(D d, const int16_t* HWY_RESTRICT planes, size_t plane_stride, const SplitWindows& w,
           int32_t* HWY_RESTRICT partial) {
  const hn::RepartitionToWide<D> d32;
  const int n = static_cast<int>(hn::Lanes(d));
  const size_t lanes = hn::Lanes(d32);
  for (int i = 0; i < w.out_size; ++i) {
    const int16_t* high = w.high + static_cast<size_t>(i) * w.stride;
    const int16_t* low = w.low + static_cast<size_t>(i) * w.stride;
    const int16_t* p = planes + w.start[i];
    // Some instruction sets split the sum over two registers.
    hn::Vec<decltype(d32)> h0[kChannels], h1[kChannels], l0[kChannels], l1[kChannels];
    for (int c = 0; c < kChannels; ++c) h0[c] = h1[c] = l0[c] = l1[c] = hn::Zero(d32);
    for (int t = 0; t < w.count[i]; t += n) {
      const auto wh = hn::LoadU(d, high + t);
      const auto wl = hn::LoadU(d, low + t);
      for (int c = 0; c < kChannels; ++c) {
        const auto v = hn::LoadU(d, p + c * plane_stride + t);
        h0[c] = hn::ReorderWidenMulAccumulate(d32, v, wh, h0[c], h1[c]);
        l0[c] = hn::ReorderWidenMulAccumulate(d32, v, wl, l0[c], l1[c]);
      }
    }
    for (int c = 0; c < kChannels; ++c) {
      const auto sum =
          hn::Add(hn::ShiftLeft<kLowBits>(hn::Add(h0[c], h1[c])), hn::Add(l0[c], l1[c]));
      hn::StoreU(sum, d32, partial);
      partial += lanes;
    }
  }
}

template <int kChannels, class D>
void DotF32(D d, const float* HWY_RESTRICT planes, size_t plane_stride, const FloatWindows& w,
            float* HWY_RESTRICT partial) {
  const int n = static_cast<int>(hn::Lanes(d));
  for (int i = 0; i < w.out_size; ++i) {
    const float* weights = w.weights + static_cast<size_t>(i) * w.stride;
    const float* p = planes + w.start[i];
    hn::Vec<D> sum[kChannels];
    for (int c = 0; c < kChannels; ++c) sum[c] = hn::Zero(d);
    for (int t = 0; t < w.count[i]; t += n) {
      const auto k = hn::LoadU(d, weights + t);
      for (int c = 0; c < kChannels; ++c) {
        sum[c] = hn::MulAdd(hn::LoadU(d, p + c * plane_stride + t), k, sum[c]);
      }
    }
    for (int c = 0; c < kChannels; ++c) {
      hn::StoreU(sum[c], d, partial);
      partial += n;
    }
  }
}

// ------------------------------------------------------------------ partial sums to values

// The sums of each kLanes neighbours in partial: N results from N * kLanes elements.
template <size_t kLanes, class D>
hn::Vec<D> AddUp(D d, const hn::TFromD<D>* partial) {
  const size_t n = hn::Lanes(d);
  static_assert(kLanes == 4 || kLanes == 8);
  hn::Vec<D> a, b, c, e;
  hn::LoadInterleaved4(d, partial, a, b, c, e);
  const auto first = hn::Add(hn::Add(a, b), hn::Add(c, e));
  if constexpr (kLanes == 4) return first;
  hn::LoadInterleaved4(d, partial + 4 * n, a, b, c, e);
  const auto second = hn::Add(hn::Add(a, b), hn::Add(c, e));
  return hn::Add(hn::ConcatEven(d, second, first), hn::ConcatOdd(d, second, first));
}

template <size_t kLanes>
void ReduceU8(const int32_t* HWY_RESTRICT partial, size_t count, uint8_t* HWY_RESTRICT out) {
  const D32 d;
  const hn::Rebind<uint8_t, D32> d8;
  const size_t n = hn::Lanes(d);
  const auto half = hn::Set(d, 1 << (kPrecision - 1));
  for (size_t i = 0; i < count; i += n) {
    const auto sum = hn::Add(AddUp<kLanes>(d, partial + i * kLanes), half);
    const auto bytes = hn::DemoteTo(d8, hn::ShiftRight<kPrecision>(sum));
    if (i + n <= count) {
      hn::StoreU(bytes, d8, out + i);
    } else {
      uint8_t rest[HWY_MAX_BYTES];
      hn::StoreU(bytes, d8, rest);
      std::memcpy(out + i, rest, count - i);
    }
  }
}

template <size_t kLanes>
void ReduceF32(const float* HWY_RESTRICT partial, size_t count, float* HWY_RESTRICT out) {
  const DF32 d;
  const size_t n = hn::Lanes(d);
  for (size_t i = 0; i < count; i += n) {
    const auto sum = AddUp<kLanes>(d, partial + i * kLanes);
    if (i + n <= count) {
      hn::StoreU(sum, d, out + i);
    } else {
      float rest[HWY_MAX_BYTES];
      hn::StoreU(sum, d, rest);
      std::memcpy(out + i, rest, (count - i) * sizeof(float));
    }
  }
}

template <int kChannels>
void RowU8(const uint8_t* in, int width, const SplitWindows& w, const RowScratch& s, uint8_t* out) {
  auto* planes = static_cast<int16_t*>(s.planes);
  auto* partial = static_cast<int32_t*>(s.partial);
  Widen<kChannels>(in, width, planes, s.plane_stride);
  const size_t count = static_cast<size_t>(w.out_size) * kChannels;
  int longest = 0;
  for (int i = 0; i < w.out_size; ++i) longest = std::max(longest, w.count[i]);
  if (longest <= 8 || hn::Lanes(D32()) == 4) {
    DotU8<kChannels>(hn::CappedTag<int16_t, 8>(), planes, s.plane_stride, w, partial);
    ReduceU8<4>(partial, count, out);
  } else {
    DotU8<kChannels>(hn::CappedTag<int16_t, 16>(), planes, s.plane_stride, w, partial);
    ReduceU8<8>(partial, count, out);
  }
}

template <int kChannels>
void RowF32(const float* in, int width, const FloatWindows& w, const RowScratch& s, float* out) {
  auto* planes = static_cast<float*>(s.planes);
  auto* partial = static_cast<float*>(s.partial);
  Separate<kChannels>(in, width, planes, s.plane_stride);
  const size_t count = static_cast<size_t>(w.out_size) * kChannels;
  if (hn::Lanes(DF32()) == 4) {
    DotF32<kChannels>(hn::CappedTag<float, 4>(), planes, s.plane_stride, w, partial);
    ReduceF32<4>(partial, count, out);
  } else {
    DotF32<kChannels>(DF32(), planes, s.plane_stride, w, partial);
    ReduceF32<8>(partial, count, out);
  }
}

#else  // one lane: nothing to split or add up

template <int kChannels>
void RowU8(const uint8_t* in, int, const SplitWindows& w, const RowScratch&, uint8_t* out) {
  for (int i = 0; i < w.out_size; ++i) {
    const size_t at = static_cast<size_t>(i) * static_cast<size_t>(w.stride);
    for (int c = 0; c < kChannels; ++c) {
      int32_t sum = 1 << (kPrecision - 1);
      for (int t = 0; t < w.count[i]; ++t) {
        const int32_t weight = w.high[at + t] * (1 << kLowBits) + w.low[at + t];
        sum += in[(w.start[i] + t) * kChannels + c] * weight;
      }
      *out++ = static_cast<uint8_t>(std::clamp(sum >> kPrecision, 0, 255));
    }
  }
}

template <int kChannels>
void RowF32(const float* in, int, const FloatWindows& w, const RowScratch&, float* out) {
  for (int i = 0; i < w.out_size; ++i) {
    const float* weights = w.weights + static_cast<size_t>(i) * static_cast<size_t>(w.stride);
    for (int c = 0; c < kChannels; ++c) {
      float sum = 0;
      for (int t = 0; t < w.count[i]; ++t) {
        sum += in[(w.start[i] + t) * kChannels + c] * weights[t];
      }
      *out++ = sum;
    }
  }
}

#endif

void HorizontalU8(const uint8_t* in, int width, int channels, const SplitWindows& w,
                  const RowScratch& s, uint8_t* out) {
  switch (channels) {
    case 1:
      return RowU8<1>(in, width, w, s, out);
    case 2:
      return RowU8<2>(in, width, w, s, out);
    case 3:
      return RowU8<3>(in, width, w, s, out);
    default:
      return RowU8<4>(in, width, w, s, out);
  }
}

void HorizontalF32(const float* in, int width, int channels, const FloatWindows& w,
                   const RowScratch& s, float* out) {
  switch (channels) {
    case 1:
      return RowF32<1>(in, width, w, s, out);
    case 2:
      return RowF32<2>(in, width, w, s, out);
    case 3:
      return RowF32<3>(in, width, w, s, out);
    default:
      return RowF32<4>(in, width, w, s, out);
  }
}

// ------------------------------------------------------------------ columns

void VerticalU8(const uint8_t* HWY_RESTRICT in, ptrdiff_t stride,
                const int32_t* HWY_RESTRICT weights, int taps, size_t length,
                uint8_t* HWY_RESTRICT out) {
  const hn::ScalableTag<int32_t> d;
  const hn::Rebind<uint8_t, decltype(d)> d8;
  const size_t n = hn::Lanes(d);
  const auto half = hn::Set(d, 1 << (kPrecision - 1));
  size_t x = 0;
  for (; x + 4 * n <= length; x += 4 * n) {
    auto s0 = half, s1 = half, s2 = half, s3 = half;
    const uint8_t* p = in + x;
    for (int t = 0; t < taps; ++t, p += stride) {
      const auto k = hn::Set(d, weights[t]);
      s0 = hn::Add(s0, hn::Mul(hn::PromoteTo(d, hn::LoadU(d8, p)), k));
      s1 = hn::Add(s1, hn::Mul(hn::PromoteTo(d, hn::LoadU(d8, p + n)), k));
      s2 = hn::Add(s2, hn::Mul(hn::PromoteTo(d, hn::LoadU(d8, p + 2 * n)), k));
      s3 = hn::Add(s3, hn::Mul(hn::PromoteTo(d, hn::LoadU(d8, p + 3 * n)), k));
    }
    hn::StoreU(hn::DemoteTo(d8, hn::ShiftRight<kPrecision>(s0)), d8, out + x);
    hn::StoreU(hn::DemoteTo(d8, hn::ShiftRight<kPrecision>(s1)), d8, out + x + n);
    hn::StoreU(hn::DemoteTo(d8, hn::ShiftRight<kPrecision>(s2)), d8, out + x + 2 * n);
    hn::StoreU(hn::DemoteTo(d8, hn::ShiftRight<kPrecision>(s3)), d8, out + x + 3 * n);
  }
  for (; x < length; ++x) {
    int32_t s = 1 << (kPrecision - 1);
    const uint8_t* p = in + x;
    for (int t = 0; t < taps; ++t, p += stride) s += *p * weights[t];
    out[x] = static_cast<uint8_t>(std::clamp(s >> kPrecision, 0, 255));
  }
}

void VerticalF32(const float* HWY_RESTRICT in, ptrdiff_t stride, const float* HWY_RESTRICT weights,
                 int taps, size_t length, float* HWY_RESTRICT out) {
  const hn::ScalableTag<float> d;
  const size_t n = hn::Lanes(d);
  size_t x = 0;
  for (; x + 2 * n <= length; x += 2 * n) {
    auto s0 = hn::Zero(d), s1 = hn::Zero(d);
    const float* p = in + x;
    for (int t = 0; t < taps; ++t, p += stride) {
      const auto k = hn::Set(d, weights[t]);
      s0 = hn::MulAdd(hn::LoadU(d, p), k, s0);
      s1 = hn::MulAdd(hn::LoadU(d, p + n), k, s1);
    }
    hn::StoreU(s0, d, out + x);
    hn::StoreU(s1, d, out + x + n);
  }
  for (; x < length; ++x) {
    float s = 0;
    const float* p = in + x;
    for (int t = 0; t < taps; ++t, p += stride) s += *p * weights[t];
    out[x] = s;
  }
}

void AddRowsU8(const uint8_t* HWY_RESTRICT in, ptrdiff_t stride, int rows, size_t length,
               uint16_t* HWY_RESTRICT sums) {
  const hn::ScalableTag<uint16_t> d;
  const hn::Rebind<uint8_t, decltype(d)> d8;
  const size_t n = hn::Lanes(d);
  size_t x = 0;
  for (; x + 2 * n <= length; x += 2 * n) {
    auto s0 = hn::LoadU(d, sums + x), s1 = hn::LoadU(d, sums + x + n);
    const uint8_t* p = in + x;
    for (int r = 0; r < rows; ++r, p += stride) {
      s0 = hn::Add(s0, hn::PromoteTo(d, hn::LoadU(d8, p)));
      s1 = hn::Add(s1, hn::PromoteTo(d, hn::LoadU(d8, p + n)));
    }
    hn::StoreU(s0, d, sums + x);
    hn::StoreU(s1, d, sums + x + n);
  }
  for (; x < length; ++x) {
    const uint8_t* p = in + x;
    for (int r = 0; r < rows; ++r, p += stride) sums[x] = static_cast<uint16_t>(sums[x] + *p);
  }
}

PEEL_ENTRY(HorizontalU8);
PEEL_ENTRY(HorizontalF32);
PEEL_ENTRY(VerticalU8);
PEEL_ENTRY(VerticalF32);
PEEL_ENTRY(AddRowsU8);

}  // namespace HWY_NAMESPACE
}  // namespace peel::resize
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace peel::resize {

PEEL_EXPORT(HorizontalU8);
PEEL_EXPORT(HorizontalF32);
PEEL_EXPORT(VerticalU8);
PEEL_EXPORT(VerticalF32);
PEEL_EXPORT(AddRowsU8);

size_t PartialElements(int out_size, int channels) {
  // Eight lanes a value, and a whole vector past the end for the last step of adding them up.
  return (static_cast<size_t>(out_size) * static_cast<size_t>(channels) + 16) * 8;
}

void HorizontalU8(const uint8_t* in, int width, int channels, const SplitWindows& windows,
                  const RowScratch& scratch, uint8_t* out) {
  PEEL_DISPATCH(HorizontalU8)(in, width, channels, windows, scratch, out);
}

void HorizontalF32(const float* in, int width, int channels, const FloatWindows& windows,
                   const RowScratch& scratch, float* out) {
  PEEL_DISPATCH(HorizontalF32)(in, width, channels, windows, scratch, out);
}

void VerticalU8(const uint8_t* in, ptrdiff_t stride, const int32_t* weights, int taps,
                size_t length, uint8_t* out) {
  PEEL_DISPATCH(VerticalU8)(in, stride, weights, taps, length, out);
}

void VerticalF32(const float* in, ptrdiff_t stride, const float* weights, int taps, size_t length,
                 float* out) {
  PEEL_DISPATCH(VerticalF32)(in, stride, weights, taps, length, out);
}

void AddRowsU8(const uint8_t* in, ptrdiff_t stride, int rows, size_t length, uint16_t* sums) {
  PEEL_DISPATCH(AddRowsU8)(in, stride, rows, length, sums);
}

}  // namespace peel::resize
#endif  // HWY_ONCE

#include "src/video/matte/reduce_kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/video/matte/reduce_kernels.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "src/base/dispatch-inl.h"

HWY_BEFORE_NAMESPACE();
namespace peel {
namespace video {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using DF = hn::ScalableTag<float>;

template <typename T>
HWY_INLINE hn::Vec<DF> LoadSamples(const T* from) {
  const hn::RebindToSigned<DF> di;
  const hn::Rebind<T, DF> dt;
  return hn::ConvertTo(DF(), hn::PromoteTo(di, hn::LoadU(dt, from)));
}

template <typename T>
HWY_INLINE void WeighRows(const uint8_t* rows, size_t stride, const float* weights, int taps,
                          size_t count, float* to) {
  const DF d;
  const size_t n = hn::Lanes(d);
  size_t i = 0;
  for (; i + n <= count; i += n) {
    auto sum = hn::Zero(d);
    const uint8_t* row = rows;
    for (int k = 0; k < taps; ++k, row += stride) {
      const auto sample = LoadSamples(reinterpret_cast<const T*>(row) + i);
      sum = hn::Add(sum, hn::Mul(sample, hn::Set(d, weights[k])));
    }
    hn::StoreU(sum, d, to + i);
  }
  for (; i < count; ++i) {
    float sum = 0;
    const uint8_t* row = rows;
    for (int k = 0; k < taps; ++k, row += stride) {
      sum += static_cast<float>(reinterpret_cast<const T*>(row)[i]) * weights[k];
    }
    to[i] = sum;
  }
}

void WeighRowsU8(const uint8_t* rows, size_t stride, const float* weights, int taps, size_t count,
                 float* to) {
  WeighRows<uint8_t>(rows, stride, weights, taps, count, to);
}

void WeighRowsU16(const uint8_t* rows, size_t stride, const float* weights, int taps, size_t count,
                  float* to) {
  WeighRows<uint16_t>(rows, stride, weights, taps, count, to);
}

PEEL_ENTRY(WeighRowsU8);
PEEL_ENTRY(WeighRowsU16);

}  // namespace HWY_NAMESPACE
}  // namespace video
}  // namespace peel
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace peel::video {

PEEL_EXPORT(WeighRowsU8);
PEEL_EXPORT(WeighRowsU16);

void WeighRowsU8(const uint8_t* rows, size_t stride, const float* weights, int taps, size_t count,
                 float* to) {
  PEEL_DISPATCH(WeighRowsU8)(rows, stride, weights, taps, count, to);
}

void WeighRowsU16(const uint8_t* rows, size_t stride, const float* weights, int taps, size_t count,
                  float* to) {
  PEEL_DISPATCH(WeighRowsU16)(rows, stride, weights, taps, count, to);
}

}  // namespace peel::video
#endif  // HWY_ONCE

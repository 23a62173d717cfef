#include "src/rectify/bilevel/sauvola_kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/rectify/bilevel/sauvola_kernels.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "src/base/dispatch-inl.h"

HWY_BEFORE_NAMESPACE();
namespace peel::sauvola {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class D>
void MovePixels(D d, const uint8_t* HWY_RESTRICT in, const uint8_t* HWY_RESTRICT out, size_t first,
                size_t length, int32_t* HWY_RESTRICT sums, int32_t* HWY_RESTRICT squares) {
  const hn::Rebind<int16_t, D> d16;
  const hn::Rebind<uint8_t, D> d8;
  const auto middle = hn::Set(d16, int16_t{128}), zero = hn::Zero(d16);
  for (size_t x = first; x < length; x += hn::Lanes(d)) {
    auto sum = zero, square = zero;
    if (in != nullptr) {
      const auto v = hn::PromoteTo(d16, hn::LoadU(d8, in + x));
      const auto from_middle = hn::Sub(v, middle);
      sum = v;
      square = hn::Mul(from_middle, from_middle);
    }
    if (out != nullptr) {
      const auto v = hn::PromoteTo(d16, hn::LoadU(d8, out + x));
      const auto from_middle = hn::Sub(v, middle);
      sum = hn::Sub(sum, v);
      square = hn::Sub(square, hn::Mul(from_middle, from_middle));
    }
    hn::StoreU(hn::Add(hn::LoadU(d, sums + x), hn::PromoteTo(d, sum)), d, sums + x);
    hn::StoreU(hn::Add(hn::LoadU(d, squares + x), hn::PromoteTo(d, square)), d, squares + x);
  }
}

void MoveColumns(const uint8_t* in, const uint8_t* out, size_t length, int32_t* sums,
                 int32_t* squares) {
  const hn::ScalableTag<int32_t> d;
  const size_t whole = length / hn::Lanes(d) * hn::Lanes(d);
  MovePixels(d, in, out, 0, whole, sums, squares);
  MovePixels(hn::CappedTag<int32_t, 1>(), in, out, whole, length, sums, squares);
}

// With n pixels of sum S, and V = n * (sum of squares) - S^2, the mean is S / n and the deviation
// sqrt(V) / n. Multiplied by 256 * n^2 * range the comparison of pixel p is
//   (256 * p * n - (256 - k) * S) * (n * range)  >  k * S * sqrt(V)
// in which all but the last product of either side and the root is exact in double precision:
// nothing is rounded that a fused multiplication would round differently.
template <class D>
void ThresholdPixels(D d, const uint8_t* HWY_RESTRICT in, const Windows& windows,
                     const SauvolaOptions& options, size_t first, size_t length,
                     uint8_t* HWY_RESTRICT out) {
  const hn::Rebind<int32_t, D> d32;
  const hn::RebindToUnsigned<decltype(d32)> du32;
  const hn::Rebind<uint8_t, D> d8;
  const auto width = static_cast<size_t>(windows.width);
  const auto rows = hn::Set(d, static_cast<double>(windows.rows));
  const auto k = hn::Set(d, static_cast<double>(options.k));
  const auto rest = hn::Set(d, static_cast<double>(256 - options.k));
  const auto range = hn::Set(d, static_cast<double>(options.range));
  const auto black = hn::Set(d, static_cast<double>(options.black));
  const auto white = hn::Set(d, static_cast<double>(options.white));
  const auto middle = hn::Set(d, 128.0), scale = hn::Set(d, 256.0), full = hn::Set(d, 255.0);
  const auto difference = [&](const uint32_t* sums, size_t x) HWY_ATTR {
    return hn::PromoteTo(
        d, hn::BitCast(d32, hn::Sub(hn::LoadU(du32, sums + x + width), hn::LoadU(du32, sums + x))));
  };
  for (size_t x = first; x < length; x += hn::Lanes(d)) {
    const auto p = hn::PromoteTo(d, hn::PromoteTo(d32, hn::LoadU(d8, in + x)));
    const auto n = hn::Mul(hn::PromoteTo(d, hn::LoadU(d32, windows.columns + x)), rows);
    const auto sum = difference(windows.sums, x), squares = difference(windows.squares, x);
    const auto from_middle = hn::Sub(sum, hn::Mul(middle, n));
    const auto v = hn::Sub(hn::Mul(n, squares), hn::Mul(from_middle, from_middle));
    const auto above = hn::Sub(hn::Mul(hn::Mul(scale, p), n), hn::Mul(rest, sum));
    const auto bright =
        hn::Gt(hn::Mul(above, hn::Mul(n, range)), hn::Mul(hn::Mul(k, sum), hn::Sqrt(v)));
    const auto result = hn::And(hn::Or(bright, hn::Ge(p, white)), hn::Ge(p, black));
    const auto level = hn::DemoteTo(d32, hn::IfThenElseZero(result, full));
    hn::StoreU(hn::DemoteTo(d8, level), d8, out + x);
  }
}

void ThresholdRow(const uint8_t* in, const Windows& windows, const SauvolaOptions& options,
                  size_t length, uint8_t* out) {
  const hn::ScalableTag<double> d;
  const size_t whole = length / hn::Lanes(d) * hn::Lanes(d);
  ThresholdPixels(d, in, windows, options, 0, whole, out);
  ThresholdPixels(hn::CappedTag<double, 1>(), in, windows, options, whole, length, out);
}

PEEL_ENTRY(MoveColumns);
PEEL_ENTRY(ThresholdRow);

}  // namespace HWY_NAMESPACE
}  // namespace peel::sauvola
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace peel::sauvola {

PEEL_EXPORT(MoveColumns);
PEEL_EXPORT(ThresholdRow);

void MoveColumns(const uint8_t* in, const uint8_t* out, size_t length, int32_t* sums,
                 int32_t* squares) {
  PEEL_DISPATCH(MoveColumns)(in, out, length, sums, squares);
}

void ThresholdRow(const uint8_t* in, const Windows& windows, const SauvolaOptions& options,
                  size_t length, uint8_t* out) {
  PEEL_DISPATCH(ThresholdRow)(in, windows, options, length, out);
}

}  // namespace peel::sauvola
#endif  // HWY_ONCE

#include "src/library/duplicates/cosine_kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/library/duplicates/cosine_kernels.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "src/base/dispatch-inl.h"

HWY_BEFORE_NAMESPACE();
namespace peel::library {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr size_t kSums = 32;

template <class D>
float HalfDotProduct(D d, const float* HWY_RESTRICT query, const uint16_t* HWY_RESTRICT row,
                     size_t dimensions) {
  const hn::Rebind<hwy::float16_t, D> dh;
  constexpr size_t kLanes = hn::MaxLanes(D());
  HWY_ALIGN float sums[kSums];
  const auto* halves = reinterpret_cast<const hwy::float16_t*>(row);
  const size_t whole = dimensions / kSums * kSums;
  // Four vectors at a time cross the row, so that sums stay in registers on every processor.
  constexpr size_t kStep = kLanes * 4 < kSums ? kLanes * 4 : kSums;
  if constexpr (kLanes * 4 <= kSums) {
    for (size_t first = 0; first < kSums; first += kStep) {
      auto s0 = hn::Zero(d), s1 = hn::Zero(d), s2 = hn::Zero(d), s3 = hn::Zero(d);
      const auto term = [&](size_t k) HWY_ATTR {
        return hn::Mul(hn::LoadU(d, query + k), hn::PromoteTo(d, hn::LoadU(dh, halves + k)));
      };
      for (size_t k = first; k < whole; k += kSums) {
        s0 = hn::Add(s0, term(k));
        s1 = hn::Add(s1, term(k + kLanes));
        s2 = hn::Add(s2, term(k + 2 * kLanes));
        s3 = hn::Add(s3, term(k + 3 * kLanes));
      }
      hn::Store(s0, d, sums + first);
      hn::Store(s1, d, sums + first + kLanes);
      hn::Store(s2, d, sums + first + 2 * kLanes);
      hn::Store(s3, d, sums + first + 3 * kLanes);
    }
  } else {
    auto s0 = hn::Zero(d), s1 = hn::Zero(d);
    for (size_t k = 0; k < whole; k += kSums) {
      s0 = hn::Add(s0,
                   hn::Mul(hn::LoadU(d, query + k), hn::PromoteTo(d, hn::LoadU(dh, halves + k))));
      s1 = hn::Add(s1, hn::Mul(hn::LoadU(d, query + k + kLanes),
                               hn::PromoteTo(d, hn::LoadU(dh, halves + k + kLanes))));
    }
    hn::Store(s0, d, sums);
    hn::Store(s1, d, sums + kLanes);
  }
  const hn::CappedTag<float, 1> one;
  const hn::Rebind<hwy::float16_t, decltype(one)> one_half;
  for (size_t k = whole; k < dimensions; ++k) {
    const auto value = hn::PromoteTo(one, hn::LoadU(one_half, halves + k));
    sums[k - whole] += hn::GetLane(hn::Mul(hn::Set(one, query[k]), value));
  }
  for (size_t n = kSums / 2; n > 0; n /= 2) {
    for (size_t i = 0; i < n; ++i) sums[i] += sums[i + n];
  }
  return sums[0];
}

void HalfDotProducts(const float* query, const uint16_t* rows, size_t count, size_t dimensions,
                     float* scores) {
  const hn::CappedTag<float, 16> d;
  for (size_t i = 0; i < count; ++i) {
    scores[i] = HalfDotProduct(d, query, rows + i * dimensions, dimensions);
  }
}

PEEL_ENTRY(HalfDotProducts);

}  // namespace HWY_NAMESPACE
}  // namespace peel::library
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace peel::library {

PEEL_EXPORT(HalfDotProducts);

void HalfDotProducts(const float* query, const uint16_t* rows, size_t count, size_t dimensions,
                     float* scores) {
  PEEL_DISPATCH(HalfDotProducts)(query, rows, count, dimensions, scores);
}

}  // namespace peel::library
#endif  // HWY_ONCE

#include "src/rectify/find/edge_kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/rectify/find/edge_kernels.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "src/base/dispatch-inl.h"

HWY_BEFORE_NAMESPACE();
namespace peel::edges {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// body(d, x) for x in whole vectors, then one by one: [first, last).
template <class D, class Body>
HWY_INLINE void ForVectors(D d, size_t first, size_t last, const Body& body) {
  size_t x = first;
  for (; x + hn::Lanes(d) <= last; x += hn::Lanes(d)) body(d, x);
  for (; x < last; ++x) body(hn::CappedTag<hn::TFromD<D>, 1>(), x);
}

void FilterRow(const int16_t* HWY_RESTRICT padded, size_t width, int16_t* HWY_RESTRICT smooth,
               int16_t* HWY_RESTRICT slope) {
  ForVectors(hn::ScalableTag<int16_t>(), 0, width, [&](auto d, size_t x) HWY_ATTR {
    const auto a = hn::LoadU(d, padded + x), b = hn::LoadU(d, padded + x + 1);
    const auto c = hn::LoadU(d, padded + x + 2);
    const auto e = hn::LoadU(d, padded + x + 3), f = hn::LoadU(d, padded + x + 4);
    const auto outer = hn::Add(a, f), inner = hn::Add(b, e);
    const auto middle = hn::Add(hn::ShiftLeft<2>(c), hn::Add(c, c));
    hn::StoreU(hn::Add(hn::Add(outer, hn::ShiftLeft<2>(inner)), middle), d, smooth + x);
    const auto across = hn::Sub(e, b);
    hn::StoreU(hn::Add(hn::Sub(f, a), hn::Add(across, across)), d, slope + x);
  });
}

void TakeSteeper(const int16_t* HWY_RESTRICT smooth, const int16_t* HWY_RESTRICT slope,
                 size_t width, bool is_first, int16_t* HWY_RESTRICT gx, int16_t* HWY_RESTRICT gy,
                 int32_t* HWY_RESTRICT square) {
  ForVectors(hn::ScalableTag<int32_t>(), 0, width, [&](auto d, size_t i) HWY_ATTR {
    const hn::Rebind<int16_t, decltype(d)> d16;
    const auto at = [&](const int16_t* rows, size_t row) HWY_ATTR {
      return hn::PromoteTo(d, hn::LoadU(d16, rows + row * width + i));
    };
    const auto inner = hn::Add(at(slope, 1), at(slope, 3)), here = at(slope, 2);
    const auto middle = hn::Add(hn::ShiftLeft<2>(here), hn::Add(here, here));
    const auto outer = hn::Add(at(slope, 0), at(slope, 4));
    const auto x = hn::ShiftRight<4>(hn::Add(hn::Add(outer, hn::ShiftLeft<2>(inner)), middle));
    const auto across = hn::Sub(at(smooth, 3), at(smooth, 1));
    const auto y =
        hn::ShiftRight<4>(hn::Add(hn::Sub(at(smooth, 4), at(smooth, 0)), hn::Add(across, across)));
    const auto length = hn::Add(hn::Mul(x, x), hn::Mul(y, y));
    if (is_first) {
      hn::StoreU(hn::DemoteTo(d16, x), d16, gx + i);
      hn::StoreU(hn::DemoteTo(d16, y), d16, gy + i);
      hn::StoreU(length, d, square + i);
      return;
    }
    const auto before = hn::LoadU(d, square + i);
    const auto longer = hn::Gt(length, before);
    const auto old_x = hn::PromoteTo(d, hn::LoadU(d16, gx + i));
    const auto old_y = hn::PromoteTo(d, hn::LoadU(d16, gy + i));
    hn::StoreU(hn::DemoteTo(d16, hn::IfThenElse(longer, x, old_x)), d16, gx + i);
    hn::StoreU(hn::DemoteTo(d16, hn::IfThenElse(longer, y, old_y)), d16, gy + i);
    hn::StoreU(hn::IfThenElse(longer, length, before), d, square + i);
  });
}

void Lengths(const int32_t* HWY_RESTRICT square, size_t width, uint16_t* HWY_RESTRICT length) {
  ForVectors(hn::ScalableTag<int32_t>(), 0, width, [&](auto d, size_t x) HWY_ATTR {
    const hn::RebindToFloat<decltype(d)> df;
    const hn::Rebind<uint16_t, decltype(d)> d16;
    const auto root = hn::Sqrt(hn::ConvertTo(df, hn::LoadU(d, square + x)));
    hn::StoreU(hn::DemoteTo(d16, hn::ConvertTo(d, root)), d16, length + x);
  });
}

void MarkMaxima(const uint16_t* length, ptrdiff_t stride, const int16_t* gx, const int16_t* gy,
                int noise, size_t first, size_t last, uint8_t* is_edge) {
  ForVectors(hn::ScalableTag<uint16_t>(), first, last, [&](auto d, size_t i) HWY_ATTR {
    using D = decltype(d);
    const hn::RebindToSigned<D> ds;
    const hn::Rebind<uint8_t, D> d8;
    const auto here = hn::LoadU(d, length + i);
    const auto loud = hn::Gt(here, hn::Set(d, static_cast<uint16_t>(noise)));
    if (hn::AllFalse(d, loud)) {
      hn::StoreU(hn::Zero(d8), d8, is_edge + i);
      return;
    }
    const auto x = hn::LoadU(ds, gx + i), y = hn::LoadU(ds, gy + i);
    const auto ax = hn::BitCast(d, hn::Abs(x)), ay = hn::BitCast(d, hn::Abs(y));
    const auto five = [&](hn::Vec<D> v) HWY_ATTR { return hn::Add(hn::ShiftLeft<2>(v), v); };
    // Within 22.5 degrees of an axis, or along a diagonal.
    const auto along_x = hn::Lt(five(ay), hn::Add(ax, ax));
    const auto along_y = hn::Lt(five(ax), hn::Add(ay, ay));
    const auto zero = hn::Zero(ds);
    const auto unlike =
        hn::Xor(hn::VecFromMask(ds, hn::Gt(x, zero)), hn::VecFromMask(ds, hn::Gt(y, zero)));
    const auto falling = hn::MaskFromVec(hn::BitCast(d, hn::Not(unlike)));
    const auto neighbour = [&](ptrdiff_t way) HWY_ATTR {
      const uint16_t* m = length + i;
      const auto diagonal = hn::IfThenElse(falling, hn::LoadU(d, m + way * (stride + 1)),
                                           hn::LoadU(d, m + way * (stride - 1)));
      const auto upright = hn::LoadU(d, m + way * stride);
      return hn::IfThenElse(along_x, hn::LoadU(d, m + way),
                            hn::IfThenElse(along_y, upright, diagonal));
    };
    // Of two equal neighbours the first alone counts.
    const auto top = hn::AndNot(hn::Gt(neighbour(1), here), hn::Gt(here, neighbour(-1)));
    const auto ones = hn::IfThenElseZero(hn::And(loud, top), hn::Set(d, uint16_t{1}));
    hn::StoreU(hn::DemoteTo(d8, hn::BitCast(ds, ones)), d8, is_edge + i);
  });
}

PEEL_ENTRY(FilterRow);
PEEL_ENTRY(TakeSteeper);
PEEL_ENTRY(Lengths);
PEEL_ENTRY(MarkMaxima);

}  // namespace HWY_NAMESPACE
}  // namespace peel::edges
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace peel::edges {

PEEL_EXPORT(FilterRow);
PEEL_EXPORT(TakeSteeper);
PEEL_EXPORT(Lengths);
PEEL_EXPORT(MarkMaxima);

void FilterRow(const int16_t* padded, size_t width, int16_t* smooth, int16_t* slope) {
  PEEL_DISPATCH(FilterRow)(padded, width, smooth, slope);
}

void TakeSteeper(const int16_t* smooth, const int16_t* slope, size_t width, bool is_first,
                 int16_t* gx, int16_t* gy, int32_t* square) {
  PEEL_DISPATCH(TakeSteeper)(smooth, slope, width, is_first, gx, gy, square);
}

void Lengths(const int32_t* square, size_t width, uint16_t* length) {
  PEEL_DISPATCH(Lengths)(square, width, length);
}

void MarkMaxima(const uint16_t* length, ptrdiff_t stride, const int16_t* gx, const int16_t* gy,
                int noise, size_t first, size_t last, uint8_t* is_edge) {
  PEEL_DISPATCH(MarkMaxima)(length, stride, gx, gy, noise, first, last, is_edge);
}

}  // namespace peel::edges
#endif  // HWY_ONCE

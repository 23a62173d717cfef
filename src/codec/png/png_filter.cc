#include "src/codec/png/png_filter.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/codec/png/png_filter.cc"
#include <hwy/foreach_target.h>
// After foreach_target.h.
#include <hwy/highway.h>

#include "src/base/dispatch-inl.h"

#ifndef PEEL_PNG_FILTER_ONCE
#define PEEL_PNG_FILTER_ONCE
namespace peel {

// What filter `f` leaves of byte x with a to its left, b above and c above a.
inline uint8_t PngResidual(int f, int x, int a, int b, int c) {
  const int pa = std::abs(b - c), pb = std::abs(a - c), pc = std::abs(a + b - 2 * c);
  switch (f) {
    case 1:
      return static_cast<uint8_t>(x - a);
    case 2:
      return static_cast<uint8_t>(x - b);
    case 3:
      return static_cast<uint8_t>(x - (a + b) / 2);
    case 4:
      return static_cast<uint8_t>(x - (pa <= pb && pa <= pc ? a : pb <= pc ? b : c));
    default:
      return static_cast<uint8_t>(x);
  }
}

inline uint64_t PngMagnitude(uint8_t residual) {
  return residual < 128 ? residual : 256u - residual;
}

using PngCosts = std::array<uint64_t, 5>;

// Bytes [begin, end) of a row; `above` may be null.
inline void AddPngCosts(const uint8_t* row, const uint8_t* above, size_t begin, size_t end,
                        size_t step, PngCosts& costs) {
  for (size_t i = begin; i < end; ++i) {
    const int a = i >= step ? row[i - step] : 0;
    const int b = above != nullptr ? above[i] : 0;
    const int c = above != nullptr && i >= step ? above[i - step] : 0;
    for (int f = 0; f < 5; ++f) costs[f] += PngMagnitude(PngResidual(f, row[i], a, b, c));
  }
}

inline void WritePngResiduals(int f, const uint8_t* row, const uint8_t* above, size_t begin,
                              size_t end, size_t step, uint8_t* out) {
  for (size_t i = begin; i < end; ++i) {
    const int a = i >= step ? row[i - step] : 0;
    const int b = above != nullptr ? above[i] : 0;
    const int c = above != nullptr && i >= step ? above[i - step] : 0;
    out[i] = PngResidual(f, row[i], a, b, c);
  }
}

}  // namespace peel
#endif  // PEEL_PNG_FILTER_ONCE

HWY_BEFORE_NAMESPACE();
namespace peel::HWY_NAMESPACE {

#if HWY_TARGET == HWY_SCALAR

void Filter(const uint8_t* in, ptrdiff_t in_stride, size_t row_bytes, int rows, int pixel_bytes,
            bool first, uint8_t* out) {
  FilterPngRowsReference(in, in_stride, row_bytes, rows, pixel_bytes, first, out);
}

#else

namespace hn = hwy::HWY_NAMESPACE;
using D = hn::ScalableTag<uint8_t>;
using V = hn::Vec<D>;

bool IsZero(const uint8_t* row, size_t bytes) {
  const D d;
  const size_t n = hn::Lanes(d);
  size_t i = 0;
  for (; i + n <= bytes; i += n) {
    if (!hn::AllTrue(d, hn::Eq(hn::LoadU(d, row + i), hn::Zero(d)))) return false;
  }
  for (; i < bytes; ++i) {
    if (row[i] != 0) return false;
  }
  return true;
}

HWY_INLINE V AbsoluteDifference(V a, V b) {
  return hn::Or(hn::SaturatedSub(a, b), hn::SaturatedSub(b, a));
}

// All in bytes: where up - corner and left - corner have one sign, the corner is farthest from the
// guess and a saturated sum of the two distances stands for its distance as well as the exact one.
HWY_INLINE V PaethGuess(V left, V up, V corner) {
  const V to_left = AbsoluteDifference(up, corner);
  const V to_up = AbsoluteDifference(left, corner);
  const auto up_high = hn::Eq(hn::Max(up, corner), up);
  const auto left_high = hn::Eq(hn::Max(left, corner), left);
  const V to_corner =
      hn::IfThenElse(hn::Xor(up_high, left_high), AbsoluteDifference(to_left, to_up),
                     hn::SaturatedAdd(to_left, to_up));
  const V least_of_two = hn::Min(to_left, to_up);
  const V near = hn::IfThenElse(hn::Eq(least_of_two, to_left), left, up);
  return hn::IfThenElse(hn::Eq(hn::Min(least_of_two, to_corner), least_of_two), near, corner);
}

HWY_INLINE V AverageGuess(V left, V up) {
  const V odd = hn::And(hn::Xor(left, up), hn::Set(D(), uint8_t{1}));
  return hn::Sub(hn::AverageRound(left, up), odd);
}

// A residual's magnitude as a signed byte; 128 for -128, which the unsigned minimum gets right.
HWY_INLINE V Magnitude(V residual) { return hn::Min(residual, hn::Sub(hn::Zero(D()), residual)); }

PngCosts Costs(const uint8_t* row, const uint8_t* above, size_t bytes, size_t step) {
  const D d;
  const size_t n = hn::Lanes(d);
  PngCosts costs = {};
  AddPngCosts(row, above, 0, std::min(step, bytes), step, costs);
  const hn::Repartition<uint64_t, D> d64;
  auto none = hn::Zero(d64), sub = none, up = none, average = none, paeth = none;
  size_t i = step;
  for (; i + n <= bytes; i += n) {
    const V x = hn::LoadU(d, row + i);
    const V a = hn::LoadU(d, row + i - step);
    const V b = hn::LoadU(d, above + i);
    const V c = hn::LoadU(d, above + i - step);
    none = hn::Add(none, hn::SumsOf8(Magnitude(x)));
    sub = hn::Add(sub, hn::SumsOf8(Magnitude(hn::Sub(x, a))));
    up = hn::Add(up, hn::SumsOf8(Magnitude(hn::Sub(x, b))));
    average = hn::Add(average, hn::SumsOf8(Magnitude(hn::Sub(x, AverageGuess(a, b)))));
    paeth = hn::Add(paeth, hn::SumsOf8(Magnitude(hn::Sub(x, PaethGuess(a, b, c)))));
  }
  costs[0] += hn::GetLane(hn::SumOfLanes(d64, none));
  costs[1] += hn::GetLane(hn::SumOfLanes(d64, sub));
  costs[2] += hn::GetLane(hn::SumOfLanes(d64, up));
  costs[3] += hn::GetLane(hn::SumOfLanes(d64, average));
  costs[4] += hn::GetLane(hn::SumOfLanes(d64, paeth));
  AddPngCosts(row, above, i, bytes, step, costs);
  return costs;
}

void Write(int f, const uint8_t* row, const uint8_t* above, size_t bytes, size_t step,
           uint8_t* out) {
  if (f == 0) {
    std::memcpy(out, row, bytes);
    return;
  }
  const D d;
  const size_t n = hn::Lanes(d);
  WritePngResiduals(f, row, above, 0, std::min(step, bytes), step, out);
  size_t i = step;
  const auto each = [&](auto guess) {
    for (; i + n <= bytes; i += n) {
      hn::StoreU(hn::Sub(hn::LoadU(d, row + i), guess(i)), d, out + i);
    }
  };
  if (f == 1) {
    each([&](size_t at) HWY_ATTR { return hn::LoadU(d, row + at - step); });
  } else if (f == 2) {
    each([&](size_t at) HWY_ATTR { return hn::LoadU(d, above + at); });
  } else if (f == 3) {
    each([&](size_t at) HWY_ATTR {
      return AverageGuess(hn::LoadU(d, row + at - step), hn::LoadU(d, above + at));
    });
  } else {
    each([&](size_t at) HWY_ATTR {
      return PaethGuess(hn::LoadU(d, row + at - step), hn::LoadU(d, above + at),
                        hn::LoadU(d, above + at - step));
    });
  }
  WritePngResiduals(f, row, above, std::min(i, bytes), bytes, step, out);
}

void Filter(const uint8_t* in, ptrdiff_t in_stride, size_t row_bytes, int rows, int pixel_bytes,
            bool first, uint8_t* out) {
  const auto step = static_cast<size_t>(pixel_bytes);
  for (int y = 0; y < rows; ++y) {
    const uint8_t* row = in + y * in_stride;
    int f = 0;
    if (IsZero(row, row_bytes)) {
      out[0] = 0;
      std::memset(out + 1, 0, row_bytes);
    } else if (first && y == 0) {
      // Nothing above: only the first row, not worth vectors.
      PngCosts costs = {};
      AddPngCosts(row, nullptr, 0, row_bytes, step, costs);
      f = static_cast<int>(std::min_element(costs.begin(), costs.end()) - costs.begin());
      WritePngResiduals(f, row, nullptr, 0, row_bytes, step, out + 1);
    } else {
      const uint8_t* above = row - in_stride;
      const PngCosts costs = Costs(row, above, row_bytes, step);
      f = static_cast<int>(std::min_element(costs.begin(), costs.end()) - costs.begin());
      Write(f, row, above, row_bytes, step, out + 1);
    }
    out[0] = static_cast<uint8_t>(f);
    out += row_bytes + 1;
  }
}

#endif  // HWY_TARGET == HWY_SCALAR

PEEL_ENTRY(Filter);

}  // namespace peel::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace peel {

PEEL_EXPORT(Filter);

void FilterPngRows(const uint8_t* in, ptrdiff_t in_stride, size_t row_bytes, int rows,
                   int pixel_bytes, bool first, uint8_t* out) {
  PEEL_DISPATCH(Filter)(in, in_stride, row_bytes, rows, pixel_bytes, first, out);
}

void FilterPngRowsReference(const uint8_t* in, ptrdiff_t in_stride, size_t row_bytes, int rows,
                            int pixel_bytes, bool first, uint8_t* out) {
  const auto step = static_cast<size_t>(pixel_bytes);
  for (int y = 0; y < rows; ++y) {
    const uint8_t* row = in + y * in_stride;
    const uint8_t* above = first && y == 0 ? nullptr : row - in_stride;
    PngCosts costs = {};
    AddPngCosts(row, above, 0, row_bytes, step, costs);
    const int f = static_cast<int>(std::min_element(costs.begin(), costs.end()) - costs.begin());
    out[0] = static_cast<uint8_t>(f);
    WritePngResiduals(f, row, above, 0, row_bytes, step, out + 1);
    out += row_bytes + 1;
  }
}

}  // namespace peel
#endif  // HWY_ONCE

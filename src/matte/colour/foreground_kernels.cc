#include "src/matte/colour/foreground_kernels.h"

#include <algorithm>
#include <array>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/matte/colour/foreground_kernels.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "src/base/dispatch-inl.h"

HWY_BEFORE_NAMESPACE();
namespace peel {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// No more lanes than the margins and the rounding of a half allow for.
using DF = hn::CappedTag<float, ForegroundGrid::kMargin>;
using VF = hn::Vec<DF>;

// A row of every plane.
using Rows = std::array<float*, ForegroundGrid::kPlanes>;

Rows RowsOf(ForegroundGrid& grid, int y) {
  Rows rows;
  for (int p = 0; p < ForegroundGrid::kPlanes; ++p) rows[static_cast<size_t>(p)] = grid.row(p, y);
  return rows;
}

// Solves the cells of one half of a row, which begins at `own`; their left and right neighbours
// begin at `left` and `right`.
HWY_INLINE void SolveHalf(const Rows& row, const Rows& above, const Rows& below, size_t own,
                          size_t left, size_t right, size_t count, float regularization,
                          float gradient_weight) {
  const DF d;
  const VF one = hn::Set(d, 1.0f), zero = hn::Zero(d);
  const VF least = hn::Set(d, regularization), slope = hn::Set(d, gradient_weight);
  for (size_t k = 0; k < count; k += hn::Lanes(d)) {
    const VF a0 = hn::LoadU(d, row[ForegroundGrid::kAlpha] + own + k);
    const VF a1 = hn::Sub(one, a0);
    const auto weight = [&](const float* alpha) HWY_ATTR {
      return hn::MulAdd(slope, hn::AbsDiff(a0, hn::LoadU(d, alpha)), least);
    };
    const VF wl = weight(row[ForegroundGrid::kAlpha] + left + k);
    const VF wr = weight(row[ForegroundGrid::kAlpha] + right + k);
    const VF wa = weight(above[ForegroundGrid::kAlpha] + own + k);
    const VF wb = weight(below[ForegroundGrid::kAlpha] + own + k);
    const VF weights = hn::Add(hn::Add(wl, wr), hn::Add(wa, wb));
    const VF a0a0 = hn::Mul(a0, a0), a01 = hn::Mul(a0, a1);
    const VF a00 = hn::Add(a0a0, weights), a11 = hn::MulAdd(a1, a1, weights);
    // a00 a11 - a01^2, written so that nothing cancels in single precision.
    const VF inverse = hn::Div(one, hn::Mul(weights, hn::Add(a0a0, a11)));
    for (size_t c = 0; c < 3; ++c) {
      const VF colour = hn::LoadU(d, row[ForegroundGrid::kColour + c] + own + k);
      const auto pull = [&](size_t plane, VF sum) HWY_ATTR {
        sum = hn::MulAdd(wl, hn::LoadU(d, row[plane] + left + k), sum);
        sum = hn::MulAdd(wr, hn::LoadU(d, row[plane] + right + k), sum);
        sum = hn::MulAdd(wa, hn::LoadU(d, above[plane] + own + k), sum);
        return hn::MulAdd(wb, hn::LoadU(d, below[plane] + own + k), sum);
      };
      const VF b0 = pull(ForegroundGrid::kForeground + c, hn::Mul(a0, colour));
      const VF b1 = pull(ForegroundGrid::kBackground + c, hn::Mul(a1, colour));
      const VF f = hn::Mul(inverse, hn::MulSub(a11, b0, hn::Mul(a01, b1)));
      const VF b = hn::Mul(inverse, hn::MulSub(a00, b1, hn::Mul(a01, b0)));
      hn::StoreU(hn::Min(hn::Max(f, zero), one), d, row[ForegroundGrid::kForeground + c] + own + k);
      hn::StoreU(hn::Min(hn::Max(b, zero), one), d, row[ForegroundGrid::kBackground + c] + own + k);
    }
  }
}

void SweepForeground(float regularization, float gradient_weight, ForegroundGrid* grid) {
  const int w = grid->width(), h = grid->height();
  const size_t even = grid->Column(0), odd = even + grid->half();
  const size_t evens = static_cast<size_t>(w + 1) / 2, odds = static_cast<size_t>(w) / 2;
  const size_t last = grid->Column(w - 1);
  // Where the last column's right neighbour would stand.
  const size_t beyond = w % 2 == 0 ? last - grid->half() + 1 : last + grid->half();
  for (int y = 0; y < h; ++y) {
    const Rows row = RowsOf(*grid, y);
    const Rows above = RowsOf(*grid, std::max(y - 1, 0));
    const Rows below = RowsOf(*grid, std::min(y + 1, h - 1));
    const auto mirror = [&](size_t to, size_t from) HWY_ATTR {
      for (float* plane : row) plane[to] = plane[from];
    };
    mirror(odd - 1, even);
    if (w % 2 == 1) mirror(beyond, last);
    SolveHalf(row, above, below, even, odd - 1, odd, evens, regularization, gradient_weight);
    if (odds == 0) continue;
    if (w % 2 == 0) mirror(beyond, last);
    SolveHalf(row, above, below, odd, even, even + 1, odds, regularization, gradient_weight);
  }
}

PEEL_ENTRY(SweepForeground);

}  // namespace HWY_NAMESPACE
}  // namespace peel
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace peel {

PEEL_EXPORT(SweepForeground);

void ForegroundGrid::Resize(int width, int height) {
  width_ = width;
  height_ = height;
  // Vectors may run over a half's end by all their lanes but one, and a neighbour by one.
  const size_t columns = static_cast<size_t>(width + 1) / 2;
  half_ = kMargin + (columns + kMargin) / kMargin * kMargin;
  const size_t floats = size_t{2} * kPlanes * half_ * static_cast<size_t>(height) + kMargin;
  if (cells_.size() < floats) cells_.resize(floats, 0.0f);
}

void SweepForeground(float regularization, float gradient_weight, ForegroundGrid* grid) {
  PEEL_DISPATCH(SweepForeground)(regularization, gradient_weight, grid);
}

}  // namespace peel
#endif  // HWY_ONCE

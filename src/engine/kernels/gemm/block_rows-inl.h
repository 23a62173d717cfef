// What the inner products that keep rows of sums in registers share, for one CPU target: how many
// fit, and how they leave. A row is a pixel of a blocked output. Include after foreach_target.h.

#include <hwy/highway.h>

#include "src/engine/kernels/layout.h"

#if defined(PEEL_BLOCK_ROWS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef PEEL_BLOCK_ROWS_INL_H_
#undef PEEL_BLOCK_ROWS_INL_H_
#else
#define PEEL_BLOCK_ROWS_INL_H_
#endif

HWY_BEFORE_NAMESPACE();
namespace peel::engine {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::CappedTag<float, kBlock>;
constexpr int kLanes = static_cast<int>(hn::MaxLanes(D()));
constexpr int kVectors = kBlock / kLanes;  // of one block

// Rows of sums that fit the register file beside a panel's row of B and one row of A.
constexpr int RowsInRegisters(int panel) {
  constexpr int kRegisters = HWY_TARGET <= HWY_AVX3 || HWY_TARGET == HWY_NEON ? 32 : 16;
  const int vectors = panel * kVectors;
  const int rows = (kRegisters - vectors - 1) / vectors;
  return rows < 1 ? 1 : rows;
}

// NOLINTBEGIN(bugprone-implicit-widening-of-multiplication-result): inside a tile
// Stores the sums of kRows rows from `row` on at tile.c, residual added and clamped.
template <class Tile, int kRows, int kWide>
HWY_INLINE void StoreRows(const Tile& tile, int64_t row, hn::VFromD<D> (&sums)[kRows][kWide]) {
  const D d;
  const hn::VFromD<D> lo = hn::Set(d, tile.lo), hi = hn::Set(d, tile.hi);
#pragma GCC unroll 8
  for (int j = 0; j < kWide; ++j) {
    const int block = j / kVectors;
    const int64_t at = row * kBlock + j % kVectors * kLanes;
    float* c = tile.c + block * tile.c_block_stride + at;
    if (tile.residual != nullptr) {
      const float* r = tile.residual + block * tile.residual_block_stride + at;
#pragma GCC unroll 32
      for (int i = 0; i < kRows; ++i) sums[i][j] = hn::Add(sums[i][j], hn::Load(d, r + i * kBlock));
    }
#pragma GCC unroll 32
    for (int i = 0; i < kRows; ++i) {
      // The sum second: x86 returns the second operand where one is NaN.
      hn::Store(hn::Min(hi, hn::Max(lo, sums[i][j])), d, c + i * kBlock);
    }
  }
}
// NOLINTEND(bugprone-implicit-widening-of-multiplication-result)

}  // namespace HWY_NAMESPACE
}  // namespace peel::engine
HWY_AFTER_NAMESPACE();

#endif  // per target

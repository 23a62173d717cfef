#include "src/engine/kernels/gemm/block_gemm.h"

#include "src/engine/kernels/gemm/row_tiles.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/engine/kernels/gemm/block_gemm.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "src/base/dispatch-inl.h"
#include "src/engine/kernels/gemm/block_rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace peel::engine {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// NOLINTBEGIN(bugprone-implicit-widening-of-multiplication-result): inside a tile
template <int kRows, int kPanel>
HWY_NOINLINE void Rows(const BlockTile& tile, int64_t row) {
  constexpr int kWide = kPanel * kVectors;
  const D d;
  using V = hn::VFromD<D>;
  V acc[kRows][kWide];
  if (tile.bias != nullptr) {
#pragma GCC unroll 8
    for (int j = 0; j < kWide; ++j) {
      const V bias = hn::Load(d, tile.bias + j * kLanes);
#pragma GCC unroll 32
      for (int i = 0; i < kRows; ++i) acc[i][j] = bias;
    }
  } else {
#pragma GCC unroll 32
    for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 8
      for (int j = 0; j < kWide; ++j) acc[i][j] = hn::Zero(d);
    }
  }
  const float* b = tile.b;
  for (int64_t s = 0; s < tile.segments; ++s) {
    const float* a = tile.a + tile.offsets[s] + row * kBlock;
    for (int k = 0; k < kBlock; ++k, b += kPanel * kBlock) {
      V bv[kWide];
#pragma GCC unroll 8
      for (int j = 0; j < kWide; ++j) bv[j] = hn::Load(d, b + j * kLanes);
#pragma GCC unroll 32
      for (int i = 0; i < kRows; ++i) {
        const V av = hn::Set(d, a[i * kBlock + k]);
#pragma GCC unroll 8
        for (int j = 0; j < kWide; ++j) acc[i][j] = hn::MulAdd(av, bv[j], acc[i][j]);
      }
    }
  }
  StoreRows(tile, row, acc);
}
// NOLINTEND(bugprone-implicit-widening-of-multiplication-result)

struct Family {
  using Tile = BlockTile;
  static constexpr int MaxRows(int panel) {
    // One vector wide, A comes straight from memory as the product's operand.
    return panel * kVectors == 1 ? 28 : RowsInRegisters(panel);
  }
  // Every row count up to 8, then few: compile time is paid for each.
  static constexpr bool HasRows(int rows, int most) {
    return rows <= 8 || rows == most || (rows <= 16 && rows % 2 == 0) || rows % 4 == 0;
  }
  template <int kRows, int kPanel>
  static constexpr auto Get() {
    return &Rows<kRows, kPanel>;
  }
};

const BlockGemm& Get() {
#if HWY_TARGET <= HWY_AVX3
  static constexpr BlockGemm kGemm = {
      {&RunRowTiles<Family, 1>, &RunRowTiles<Family, 2>, &RunRowTiles<Family, 4>},
      4,
      {Family::MaxRows(1), Family::MaxRows(2), Family::MaxRows(4)}};
#else
  static constexpr BlockGemm kGemm = {{&RunRowTiles<Family, 1>, nullptr, nullptr},
                                      1,
                                      {Family::MaxRows(1), Family::MaxRows(1), Family::MaxRows(1)}};
#endif
  return kGemm;
}

PEEL_ENTRY(Get);

}  // namespace HWY_NAMESPACE
}  // namespace peel::engine
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace peel::engine {
PEEL_EXPORT(Get);
const BlockGemm& GetBlockGemm() { return PEEL_DISPATCH(Get)(); }
}  // namespace peel::engine
#endif

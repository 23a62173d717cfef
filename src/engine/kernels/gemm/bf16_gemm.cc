#include "src/engine/kernels/gemm/bf16_gemm.h"

#include <cstring>

#include "src/engine/kernels/gemm/row_tiles.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/engine/kernels/gemm/bf16_gemm.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "src/base/dispatch-inl.h"
#include "src/engine/kernels/layout.h"

HWY_BEFORE_NAMESPACE();
namespace peel::engine {
namespace HWY_NAMESPACE {
namespace {

#if HWY_TARGET == HWY_AVX3

// An extension of AVX-512 that Highway has no target for: the functions carry it themselves.
#define PEEL_BF16 __attribute__((target("avx512bf16")))

template <int kRows, int kPanel>
HWY_NOINLINE PEEL_BF16 void Rows(const Bf16Tile& tile, int64_t row) {
  __m512 sum[kRows][kPanel];
#pragma GCC unroll 4
  for (int j = 0; j < kPanel; ++j) {
    const __m512 bias = _mm512_loadu_ps(tile.bias + int64_t{j} * kBlock);
#pragma GCC unroll 32
    for (int i = 0; i < kRows; ++i) sum[i][j] = bias;
  }
  const uint16_t* b = tile.b;
  for (int64_t s = 0; s < tile.segments; ++s) {
    const uint8_t* a = tile.a + tile.offsets[s] + row * 32;
    for (int pair = 0; pair < kBlock / 2; ++pair, b += kPanel * 32, a += 4) {
      __m512bh bv[kPanel];
#pragma GCC unroll 4
      for (int j = 0; j < kPanel; ++j) {
        const __m512i bits = _mm512_load_si512(b + int64_t{j} * 32);
        std::memcpy(&bv[j], &bits, sizeof(bits));
      }
#pragma GCC unroll 32
      for (int i = 0; i < kRows; ++i) {
        int32_t two;
        std::memcpy(&two, a + int64_t{i} * 32, 4);
        const __m512i bits = _mm512_set1_epi32(two);
        __m512bh av;
        std::memcpy(&av, &bits, sizeof(bits));
#pragma GCC unroll 4
        for (int j = 0; j < kPanel; ++j) sum[i][j] = _mm512_dpbf16_ps(sum[i][j], av, bv[j]);
      }
    }
  }
  const __m512 lo = _mm512_set1_ps(tile.lo), hi = _mm512_set1_ps(tile.hi);
#pragma GCC unroll 4
  for (int j = 0; j < kPanel; ++j) {
    const int64_t at = j * tile.c_block_stride + row * kBlock;
    if (tile.residual != nullptr) {
#pragma GCC unroll 32
      for (int i = 0; i < kRows; ++i) {
        sum[i][j] =
            _mm512_add_ps(sum[i][j], _mm512_loadu_ps(tile.residual + at + int64_t{i} * kBlock));
      }
    }
#pragma GCC unroll 32
    for (int i = 0; i < kRows; ++i) {
      // The sum second: the second operand is returned where one is NaN.
      _mm512_storeu_ps(tile.c + at + int64_t{i} * kBlock,
                       _mm512_min_ps(hi, _mm512_max_ps(lo, sum[i][j])));
    }
  }
}

PEEL_BF16 void Round(const float* from, int64_t count, uint16_t* to) {
  for (int64_t i = 0; i < count; i += 16) {
    const __m256bh rounded = _mm512_cvtneps_pbh(_mm512_loadu_ps(from + i));
    std::memcpy(to + i, &rounded, sizeof(rounded));
  }
}

struct Family {
  using Tile = Bf16Tile;
  static constexpr int MaxRows(int panel) { return panel == 4 ? 6 : panel == 2 ? 13 : 28; }
  // Compile time is paid for each.
  static constexpr bool HasRows(int rows, int most) {
    return rows <= 6 || rows == most || (rows <= 12 && rows % 2 == 0) || rows % 8 == 0;
  }
  template <int kRows, int kPanel>
  static constexpr auto Get() {
    return &Rows<kRows, kPanel>;
  }
};

const Bf16Gemm* Get() {
  static constexpr Bf16Gemm kGemm = {
      {&RunRowTiles<Family, 1>, &RunRowTiles<Family, 2>, &RunRowTiles<Family, 4>}, &Round};
  return __builtin_cpu_supports("avx512bf16") ? &kGemm : nullptr;
}

#else

const Bf16Gemm* Get() { return nullptr; }

#endif

PEEL_ENTRY(Get);

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace peel::engine
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace peel::engine {
PEEL_EXPORT(Get);
const Bf16Gemm* GetBf16Gemm() { return PEEL_DISPATCH(Get)(); }
}  // namespace peel::engine
#endif

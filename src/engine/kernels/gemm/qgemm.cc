#include "src/engine/kernels/gemm/qgemm.h"

#include <cstring>

#include "src/base/os/machine.h"
#include "src/engine/kernels/gemm/row_tiles.h"
#include "src/engine/kernels/requantize.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/engine/kernels/gemm/qgemm.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "src/base/dispatch-inl.h"

// Dot products of four bytes are an extension of AVX-512, under another name of AVX2, and of NEON;
// Highway has a target for none of them, so that the functions which use them carry the instruction
// set.
#undef PEEL_QGEMM_DOT
#if HWY_TARGET == HWY_AVX3
#define PEEL_QGEMM_DOT "avx512vnni"
#elif HWY_TARGET == HWY_AVX2 && defined(__GNUC__) && !defined(__clang__)
#define PEEL_QGEMM_DOT "avxvnni"
#elif HWY_TARGET == HWY_NEON && HWY_ARCH_ARM_A64 && !defined(__clang__)
#define PEEL_QGEMM_DOT "arch=armv8.2-a+crypto+dotprod"
#endif

HWY_BEFORE_NAMESPACE();
namespace peel::engine {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

constexpr int kPixel = 16;

#if HWY_TARGET == HWY_EMU128 || HWY_TARGET == HWY_SCALAR

// NOLINTBEGIN(bugprone-implicit-widening-of-multiplication-result): inside a tile
// Without vectors: bytes as they are, a row at a time.
template <int kPanel>
void Run(const QTile& tile) {
  constexpr int kWide = kPanel * kPixel;
  for (int64_t row = 0; row < tile.rows; ++row) {
    int32_t sum[kWide];
    std::memcpy(sum, tile.bias, sizeof(sum));
    const int8_t* b = static_cast<const int8_t*>(tile.b);
    for (int64_t s = 0; s < tile.segments; ++s) {
      const uint8_t* a = tile.a + tile.offsets[s] + row * kPixel;
      for (int g = 0; g < tile.groups; ++g, b += kWide * 4) {
        const int a0 = a[g * 4], a1 = a[g * 4 + 1], a2 = a[g * 4 + 2], a3 = a[g * 4 + 3];
        for (int j = 0; j < kWide; ++j) {
          const int8_t* w = b + j * 4;
          sum[j] += a0 * w[0] + a1 * w[1] + a2 * w[2] + a3 * w[3];
        }
      }
    }
    const ByteRange range{tile.zero, static_cast<int>(tile.lo) + tile.zero,
                          static_cast<int>(tile.hi) + tile.zero};
    for (int j = 0; j < kWide; ++j) {
      const int64_t at = j / kPixel * tile.c_block_stride + row * kPixel + j % kPixel;
      if (tile.output == QOutput::kSum) {
        static_cast<int32_t*>(tile.c)[at] = sum[j];
        continue;
      }
      const float x = static_cast<float>(sum[j]) * tile.multiplier[j];
      if (tile.output == QOutput::kFloat) {
        static_cast<float*>(tile.c)[at] = std::min(tile.hi, std::max(tile.lo, x));
      } else {
        static_cast<uint8_t*>(tile.c)[at] = RoundToByte(x, range);
      }
    }
  }
}
// NOLINTEND(bugprone-implicit-widening-of-multiplication-result)

std::span<const QGemm> Get() {
  static constexpr QGemm kGemms[] = {{{&Run<1>, nullptr, nullptr}, "plain", 1, 4, 0, 0.3}};
  return kGemms;
}

#else

using DI = hn::CappedTag<int32_t, kPixel>;
using DF = hn::Rebind<float, DI>;
using DB = hn::Rebind<uint8_t, DI>;
using VI = hn::VFromD<DI>;
constexpr int kLanes = static_cast<int>(hn::MaxLanes(DI()));
constexpr int kVectors = kPixel / kLanes;  // of one block

// Sums of 16 channels of a row are kVectors of these. Dot adds the products of one group of
// channels (the same 32 bits in every lane of a) with a group of weights for each lane.
#if HWY_ARCH_ARM
// Pairs of products are added up in 16 bits, and those in 32: 2 * 128 * 128 does not fit 16 bits
// with a sign, but each product is added to its neighbour as it widens.
struct NeonSum {
  int32x4_t low, high;
};
struct SignedBytes {
  using Sum = NeonSum;
  static constexpr int kGroup = 4, kOffset = 128, kSumRegisters = 2;
  static HWY_INLINE Sum Zero() { return {vdupq_n_s32(0), vdupq_n_s32(0)}; }
  static HWY_INLINE VI Broadcast(const uint8_t* a) {
    int32_t bits;
    std::memcpy(&bits, a, 4);
    return hn::Set(DI(), bits ^ static_cast<int32_t>(0x80808080u));
  }
  static HWY_INLINE Sum Dot(Sum sum, VI a, VI b) {
    const int8x16_t x = vreinterpretq_s8_s32(a.raw), w = vreinterpretq_s8_s32(b.raw);
    sum.low = vpadalq_s16(sum.low, vmull_s8(vget_low_s8(x), vget_low_s8(w)));
    sum.high = vpadalq_s16(sum.high, vmull_s8(vget_high_s8(x), vget_high_s8(w)));
    return sum;
  }
  static HWY_INLINE VI Total(Sum sum) { return VI(vpaddq_s32(sum.low, sum.high)); }
};
#ifdef PEEL_QGEMM_DOT
struct Dot4 {
  using Sum = VI;
  static constexpr int kGroup = 4, kOffset = 128, kSumRegisters = 1;
  static HWY_INLINE Sum Zero() { return hn::Zero(DI()); }
  static HWY_INLINE VI Broadcast(const uint8_t* a) { return SignedBytes::Broadcast(a); }
  __attribute__((target(PEEL_QGEMM_DOT), always_inline)) static inline Sum Dot(Sum sum, VI a,
                                                                               VI b) {
    return VI(vdotq_s32(sum.raw, vreinterpretq_s8_s32(b.raw), vreinterpretq_s8_s32(a.raw)));
  }
  static HWY_INLINE VI Total(Sum sum) { return sum; }
};
#endif
#else
// Two int16 at once: no product or sum of two leaves 32 bits, where the instruction that multiplies
// bytes would saturate at 16.
struct Madd {
  using Sum = VI;
  static constexpr int kGroup = 2, kOffset = 0, kSumRegisters = 1;
  static HWY_INLINE Sum Zero() { return hn::Zero(DI()); }
  static HWY_INLINE VI Broadcast(const uint8_t* a) {
    int32_t bits;
    std::memcpy(&bits, a, 4);
    return hn::Set(DI(), bits);
  }
  static HWY_INLINE Sum Dot(Sum sum, VI a, VI b) {
    const hn::Repartition<int16_t, DI> d16;
    VI unused = a;
    return hn::ReorderWidenMulAccumulate(DI(), hn::BitCast(d16, a), hn::BitCast(d16, b), sum,
                                         unused);
  }
  static HWY_INLINE VI Total(Sum sum) { return sum; }
};
#ifdef PEEL_QGEMM_DOT
struct Dot4 : Madd {
  static constexpr int kGroup = 4;
  __attribute__((target(PEEL_QGEMM_DOT), always_inline)) static inline Sum Dot(Sum sum, VI a,
                                                                               VI b) {
#if HWY_TARGET == HWY_AVX3
    return VI{_mm512_dpbusd_epi32(sum.raw, a.raw, b.raw)};
#else
    return VI{_mm256_dpbusd_avx_epi32(sum.raw, a.raw, b.raw)};
#endif
  }
};
#endif
#endif

HWY_INLINE void StoreOut(const QTile& tile, VI sum, int channel, int64_t at) {
  const DF df;
  if (tile.output == QOutput::kSum) {
    hn::Store(sum, DI(), static_cast<int32_t*>(tile.c) + at);
    return;
  }
  const auto scaled = hn::Mul(hn::ConvertTo(df, sum), hn::Load(df, tile.multiplier + channel));
  const auto x = hn::Min(hn::Set(df, tile.hi), hn::Max(hn::Set(df, tile.lo), scaled));
  if (tile.output == QOutput::kFloat) {
    hn::Store(x, df, static_cast<float*>(tile.c) + at);
    return;
  }
  const VI rounded = hn::Add(hn::NearestInt(x), hn::Set(DI(), tile.zero));
  hn::StoreU(hn::DemoteTo(DB(), rounded), DB(), static_cast<uint8_t*>(tile.c) + at);
}

// NOLINTBEGIN(bugprone-implicit-widening-of-multiplication-result): inside a tile
#define PEEL_QGEMM_ROWS(FUNCTION, ATTRIBUTE)                                             \
  template <class Op, int kRows, int kPanel>                                             \
  HWY_NOINLINE ATTRIBUTE void FUNCTION(const QTile& tile, int64_t row) {                 \
    constexpr int kWide = kPanel * kVectors, kBytes = kPixel * 4 / Op::kGroup;           \
    typename Op::Sum sum[kRows][kWide];                                                  \
    _Pragma("GCC unroll 32") for (int i = 0; i < kRows; ++i) {                           \
      _Pragma("GCC unroll 8") for (int j = 0; j < kWide; ++j) sum[i][j] = Op::Zero();    \
    }                                                                                    \
    const int32_t* b = static_cast<const int32_t*>(tile.b);                              \
    for (int64_t s = 0; s < tile.segments; ++s) {                                        \
      const uint8_t* a = tile.a + tile.offsets[s] + row * kBytes;                        \
      for (int g = 0; g < tile.groups; ++g, b += kPanel * kPixel, a += 4) {              \
        VI bv[kWide];                                                                    \
        _Pragma("GCC unroll 8") for (int j = 0; j < kWide; ++j) {                        \
          bv[j] = hn::Load(DI(), b + j * kLanes);                                        \
        }                                                                                \
        _Pragma("GCC unroll 32") for (int i = 0; i < kRows; ++i) {                       \
          const VI av = Op::Broadcast(a + i * kBytes);                                   \
          _Pragma("GCC unroll 8") for (int j = 0; j < kWide; ++j) {                      \
            sum[i][j] = Op::Dot(sum[i][j], av, bv[j]);                                   \
          }                                                                              \
        }                                                                                \
      }                                                                                  \
    }                                                                                    \
    _Pragma("GCC unroll 8") for (int j = 0; j < kWide; ++j) {                            \
      const VI bias = hn::Load(DI(), tile.bias + j * kLanes);                            \
      const int64_t at =                                                                 \
          j / kVectors * tile.c_block_stride + row * kPixel + j % kVectors * kLanes;     \
      _Pragma("GCC unroll 32") for (int i = 0; i < kRows; ++i) {                         \
        StoreOut(tile, hn::Add(Op::Total(sum[i][j]), bias), j* kLanes, at + i * kPixel); \
      }                                                                                  \
    }                                                                                    \
  }

PEEL_QGEMM_ROWS(Rows, )
#ifdef PEEL_QGEMM_DOT
PEEL_QGEMM_ROWS(DotRows, __attribute__((target(PEEL_QGEMM_DOT))))
#endif
// NOLINTEND(bugprone-implicit-widening-of-multiplication-result)

template <class Op>
struct RowsOf {
  using Tile = QTile;
  // Rows of sums that fit the register file beside a panel's weights and one row of A.
  static constexpr int MaxRows(int panel) {
    constexpr int kRegisters = HWY_TARGET <= HWY_AVX3 || HWY_ARCH_ARM ? 32 : 16;
    const int vectors = panel * kVectors;
    const int rows = (kRegisters - vectors - 1) / (vectors * Op::kSumRegisters);
    return rows < 1 ? 1 : rows > 28 ? 28 : rows;
  }
  // Every row count up to 6, then few: compile time is paid for each.
  static constexpr bool HasRows(int rows, int most) {
    return rows <= 6 || rows == most || (rows <= 12 && rows % 2 == 0) || rows % 8 == 0;
  }
  template <int kRows, int kPanel>
  static constexpr auto Get() {
    return &Rows<Op, kRows, kPanel>;
  }
};

template <int kPanel, class Op>
constexpr auto kRun = &RunRowTiles<RowsOf<Op>, kPanel>;

#ifdef PEEL_QGEMM_DOT
struct DotRowsOf : RowsOf<Dot4> {
  template <int kRows, int kPanel>
  static constexpr auto Get() {
    return &DotRows<Dot4, kRows, kPanel>;
  }
};

template <int kPanel>
constexpr auto kRunDot = &RunRowTiles<DotRowsOf, kPanel>;
#endif

std::span<const QGemm> Get() {
#if HWY_ARCH_ARM
  static constexpr QGemm kGemms[] = {
#ifdef PEEL_QGEMM_DOT
      {{kRunDot<1>, nullptr, nullptr}, "dotprod", 1, 4, 128, 4.0},
#endif
      {{kRun<1, SignedBytes>, nullptr, nullptr}, "smull", 1, 4, 128, 1.0}};
#ifdef PEEL_QGEMM_DOT
  if (!HasArmDotProduct()) return std::span<const QGemm>(kGemms).subspan(1);
#endif
  return kGemms;
#else
  static constexpr QGemm kGemms[] = {
#if HWY_TARGET == HWY_AVX3
    {{kRunDot<1>, kRunDot<2>, kRunDot<4>}, "avx512_vnni", 4, 4, 0, 4.0},
    {{kRun<1, Madd>, kRun<2, Madd>, nullptr}, "madd", 2, 2, 0, 1.0},
#else
#ifdef PEEL_QGEMM_DOT
    {{kRunDot<1>, nullptr, nullptr}, "avx_vnni", 1, 4, 0, 4.0},
#endif
    {{kRun<1, Madd>, nullptr, nullptr}, "madd", 1, 2, 0, 1.0},
#endif
  };
#ifdef PEEL_QGEMM_DOT
  if (!__builtin_cpu_supports(PEEL_QGEMM_DOT)) return std::span<const QGemm>(kGemms).subspan(1);
#endif
  return kGemms;
#endif
}

#endif

PEEL_ENTRY(Get);

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace peel::engine
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace peel::engine {
PEEL_EXPORT(Get);
std::span<const QGemm> QGemms() { return PEEL_DISPATCH(Get)(); }
}  // namespace peel::engine
#endif

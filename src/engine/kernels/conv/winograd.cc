// Winograd convolution F(size×size, 3×3): the method of Lavin and Gray, "Fast Algorithms for
// Convolutional Neural Networks" (2015), at the points 0, ±1, ±2, ±1/2 and infinity for size 6,
// 0, ±1, ±2 and infinity for size 4, 0, ±1 and infinity for size 2.

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/engine/kernels/conv/winograd.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "src/base/dispatch-inl.h"
#include "src/engine/kernels/conv/conv_common.h"
#include "src/engine/kernels/conv/winograd_plan.h"
#include "src/engine/kernels/gemm/block_gemm.h"

HWY_BEFORE_NAMESPACE();
namespace peel::engine {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using WD = hn::CappedTag<float, kBlock>;
using WV = hn::VFromD<WD>;
constexpr int kWLanes = static_cast<int>(hn::MaxLanes(WD()));

// Input transform of one column or row: out = Bᵀ in.
template <int kSize>
HWY_INLINE void TransformInput(const WV* HWY_RESTRICT in, WV* HWY_RESTRICT out) {
  const WD d;
  if constexpr (kSize == 6) {
    const WV c5_25 = hn::Set(d, 5.25f), c4_25 = hn::Set(d, 4.25f), c2_5 = hn::Set(d, 2.5f);
    const WV c1_25 = hn::Set(d, 1.25f), quarter = hn::Set(d, 0.25f), half = hn::Set(d, 0.5f);
    const WV two = hn::Set(d, 2.0f), four = hn::Set(d, 4.0f), five = hn::Set(d, 5.0f);
    out[0] = hn::MulAdd(c5_25, hn::Sub(in[4], in[2]), hn::Sub(in[0], in[6]));
    out[7] = hn::MulAdd(c5_25, hn::Sub(in[3], in[5]), hn::Sub(in[7], in[1]));
    const WV even1 = hn::NegMulAdd(c4_25, in[4], hn::Add(in[2], in[6]));
    const WV odd1 = hn::NegMulAdd(c4_25, in[3], hn::Add(in[1], in[5]));
    out[1] = hn::Add(even1, odd1);
    out[2] = hn::Sub(even1, odd1);
    const WV even2 = hn::MulAdd(quarter, in[2], hn::NegMulAdd(c1_25, in[4], in[6]));
    const WV middle = hn::Mul(c2_5, in[3]);
    const WV odd2 = hn::MulAdd(two, in[5], hn::MulSub(half, in[1], middle));
    out[3] = hn::Add(even2, odd2);
    out[4] = hn::Sub(even2, odd2);
    const WV even3 = hn::MulAdd(four, in[2], hn::NegMulAdd(five, in[4], in[6]));
    const WV odd3 = hn::MulAdd(half, in[5], hn::MulSub(two, in[1], middle));
    out[5] = hn::Add(even3, odd3);
    out[6] = hn::Sub(even3, odd3);
  } else if constexpr (kSize == 4) {
    const WV four = hn::Set(d, 4.0f), five = hn::Set(d, 5.0f), two = hn::Set(d, 2.0f);
    out[0] = hn::MulAdd(four, in[0], hn::NegMulAdd(five, in[2], in[4]));
    const WV even1 = hn::NegMulAdd(four, in[2], in[4]), odd1 = hn::NegMulAdd(four, in[1], in[3]);
    out[1] = hn::Add(even1, odd1);
    out[2] = hn::Sub(even1, odd1);
    const WV even2 = hn::Sub(in[4], in[2]), odd2 = hn::Mul(two, hn::Sub(in[3], in[1]));
    out[3] = hn::Add(even2, odd2);
    out[4] = hn::Sub(even2, odd2);
    out[5] = hn::MulAdd(four, in[1], hn::NegMulAdd(five, in[3], in[5]));
  } else {
    out[0] = hn::Sub(in[0], in[2]);
    out[1] = hn::Add(in[1], in[2]);
    out[2] = hn::Sub(in[2], in[1]);
    out[3] = hn::Sub(in[1], in[3]);
  }
}

// Output transform of one column or row: out = Aᵀ in.
template <int kSize>
HWY_INLINE void TransformOutput(const WV* HWY_RESTRICT in, WV* HWY_RESTRICT out) {
  const WD d;
  if constexpr (kSize == 6) {
    const WV even1 = hn::Add(in[1], in[2]), odd1 = hn::Sub(in[1], in[2]);
    const WV even2 = hn::Add(in[3], in[4]), odd2 = hn::Sub(in[3], in[4]);
    const WV even3 = hn::Add(in[5], in[6]), odd3 = hn::Sub(in[5], in[6]);
    const auto sum = [d](float a, WV x, float b, WV y, WV z) HWY_ATTR {
      return hn::MulAdd(hn::Set(d, a), x, hn::MulAdd(hn::Set(d, b), y, z));
    };
    out[0] = hn::Add(hn::Add(in[0], even1), hn::Add(even2, even3));
    out[1] = sum(2.0f, odd2, 0.5f, odd3, odd1);
    out[2] = sum(4.0f, even2, 0.25f, even3, even1);
    out[3] = sum(8.0f, odd2, 0.125f, odd3, odd1);
    out[4] = sum(16.0f, even2, 0.0625f, even3, even1);
    out[5] = hn::Add(in[7], sum(32.0f, odd2, 0.03125f, odd3, odd1));
  } else if constexpr (kSize == 4) {
    const WV even1 = hn::Add(in[1], in[2]), odd1 = hn::Sub(in[1], in[2]);
    const WV even2 = hn::Add(in[3], in[4]), odd2 = hn::Sub(in[3], in[4]);
    out[0] = hn::Add(in[0], hn::Add(even1, even2));
    out[1] = hn::MulAdd(hn::Set(d, 2.0f), odd2, odd1);
    out[2] = hn::MulAdd(hn::Set(d, 4.0f), even2, even1);
    out[3] = hn::Add(in[5], hn::MulAdd(hn::Set(d, 8.0f), odd2, odd1));
  } else {
    out[0] = hn::Add(in[0], hn::Add(in[1], in[2]));
    out[1] = hn::Sub(hn::Sub(in[1], in[2]), in[3]);
  }
}

// Tiles whose column transforms are formed together: neighbours share two columns.
constexpr int kStripTiles = 4;

// NOLINTBEGIN(bugprone-implicit-widening-of-multiplication-result): a strip is short
// One channel block of a strip of tiles from a plain blocked image to V.
template <int kSize>
void StripToV(const ConvProblem& p, const WinogradPlan& plan, const WinogradStrip& strip,
              const float* HWY_RESTRICT plane, float* HWY_RESTRICT v) {
  constexpr int kTaps = kSize + 2;
  constexpr int kColumns = kSize * kStripTiles + 2;
  const WD d;
  HWY_ALIGN float gathered[kTaps * kColumns * kBlock];
  HWY_ALIGN float half[kTaps * kColumns * kBlock];
  // A copy, which no store of a vector can change: the loops below need not read it anew.
  const int64_t v_stride = plan.v_stride;
  const int64_t row_floats = static_cast<int64_t>(p.in_width) * kBlock;
  const int y0 = strip.y - p.pad_top;
  const bool rows_inside = y0 >= 0 && y0 + (kTaps - 1) * p.dilation_h < p.in_height;
  for (int64_t t = 0; t < strip.tiles; t += kStripTiles) {
    const int n = static_cast<int>(std::min<int64_t>(kStripTiles, strip.tiles - t));
    const int columns = n * kSize + 2;
    const int x0 = strip.x + static_cast<int>(t) * kSize * p.dilation_w - p.pad_left;
    const float* from = plane + y0 * row_floats + static_cast<int64_t>(x0) * kBlock;
    int64_t row_step = p.dilation_h * row_floats, column_step = p.dilation_w * int64_t{kBlock};
    if (!rows_inside || x0 < 0 || x0 + (columns - 1) * p.dilation_w >= p.in_width) {
      for (int r = 0; r < kTaps; ++r) {
        const int y = y0 + r * p.dilation_h;
        for (int c = 0; c < columns; ++c) {
          const int x = x0 + c * p.dilation_w;
          float* to = gathered + (r * kColumns + c) * kBlock;
          const bool inside = y >= 0 && y < p.in_height && x >= 0 && x < p.in_width;
          const float* source = plane + y * row_floats + static_cast<int64_t>(x) * kBlock;
          for (int i = 0; i < kBlock; i += kWLanes) {
            hn::Store(inside ? hn::Load(d, source + i) : hn::Zero(d), d, to + i);
          }
        }
      }
      from = gathered;
      row_step = kColumns * kBlock;
      column_step = kBlock;
    }
    for (int c = 0; c < columns; ++c) {
      for (int i = 0; i < kBlock; i += kWLanes) {
        WV in[kTaps], out[kTaps];
#pragma GCC unroll 8
        for (int r = 0; r < kTaps; ++r) {
          in[r] = hn::Load(d, from + r * row_step + c * column_step + i);
        }
        TransformInput<kSize>(in, out);
#pragma GCC unroll 8
        for (int r = 0; r < kTaps; ++r) {
          hn::Store(out[r], d, half + (r * kColumns + c) * kBlock + i);
        }
      }
    }
    for (int j = 0; j < n; ++j) {
      float* to = v + (strip.first + t + j) * kBlock;
      for (int r = 0; r < kTaps; ++r) {
        for (int i = 0; i < kBlock; i += kWLanes) {
          WV in[kTaps], out[kTaps];
          const float* row = half + (r * kColumns + j * kSize) * kBlock + i;
#pragma GCC unroll 8
          for (int c = 0; c < kTaps; ++c) in[c] = hn::Load(d, row + c * kBlock);
          TransformInput<kSize>(in, out);
#pragma GCC unroll 8
          for (int c = 0; c < kTaps; ++c) {
            hn::Store(out[c], d, to + (r * kTaps + c) * v_stride + i);
          }
        }
      }
    }
  }
}
// NOLINTEND(bugprone-implicit-widening-of-multiplication-result)

// Where a residual joins in.
enum class Joins { kNever, kBeforeActivation, kAfterActivation };

// NOLINTBEGIN(bugprone-implicit-widening-of-multiplication-result): a strip is short
// One channel block of a strip of tiles from M to the output, with its epilogue.
template <int kSize, Joins kJoins>
void StripFromM(const ConvProblem& p, const WinogradPlan& plan, const WinogradStrip& strip,
                const float* HWY_RESTRICT m, const float* HWY_RESTRICT bias, Clamp clamp,
                const float* residual, float* plane) {
  constexpr int kTaps = kSize + 2;
  const WD d;
  const WV lo = hn::Set(d, clamp.lo), hi = hn::Set(d, clamp.hi);
  const int64_t m_stride = plan.m_stride;  // A copy, as in StripToV.
  const int64_t row_floats = static_cast<int64_t>(p.out_width) * kBlock;
  const int64_t column_step = p.dilation_w * int64_t{kBlock};
  const int rows =
      std::min<int>(kSize, static_cast<int>(DivideUp(p.out_height - strip.y, p.dilation_h)));
  // By row of outputs. In memory, as 48 vectors of size 6 are more than there are registers.
  HWY_ALIGN float half[kSize * kTaps * kWLanes];
  for (int64_t t = 0; t < strip.tiles; ++t) {
    const int x = strip.x + static_cast<int>(t) * kSize * p.dilation_w;
    const int columns =
        std::min<int>(kSize, static_cast<int>(DivideUp(p.out_width - x, p.dilation_w)));
    const float* from = m + (strip.first + t) * kBlock;
    const int64_t at = strip.y * row_floats + static_cast<int64_t>(x) * kBlock;
    for (int i = 0; i < kBlock; i += kWLanes) {
      const WV b = hn::Load(d, bias + i);
      for (int c = 0; c < kTaps; ++c) {
        WV in[kTaps], out[kSize];
#pragma GCC unroll 8
        for (int r = 0; r < kTaps; ++r) {
          in[r] = hn::Load(d, from + (r * kTaps + c) * m_stride + i);
        }
        TransformOutput<kSize>(in, out);
#pragma GCC unroll 6
        for (int r = 0; r < kSize; ++r) hn::Store(out[r], d, half + (r * kTaps + c) * kWLanes);
      }
      for (int r = 0; r < rows; ++r) {
        WV in[kTaps], out[kSize];
#pragma GCC unroll 8
        for (int c = 0; c < kTaps; ++c) in[c] = hn::Load(d, half + (r * kTaps + c) * kWLanes);
        TransformOutput<kSize>(in, out);
        const int64_t row = at + r * p.dilation_h * row_floats + i;
#pragma GCC unroll 6
        for (int c = 0; c < kSize; ++c) {
          if (c >= columns) break;
          const int64_t pixel = row + c * column_step;
          WV y = hn::Add(out[c], b);
          if (kJoins == Joins::kBeforeActivation) y = hn::Add(y, hn::Load(d, residual + pixel));
          y = hn::Min(hi, hn::Max(lo, y));
          if (kJoins == Joins::kAfterActivation) y = hn::Add(y, hn::Load(d, residual + pixel));
          hn::Store(y, d, plane + pixel);
        }
      }
    }
  }
}
// NOLINTEND(bugprone-implicit-widening-of-multiplication-result)

template <int kSize>
void RunWinograd(const ConvProblem& p, const ConvArgs& args, ThreadPool& pool) {
  const BlockGemm& gemm = GetBlockGemm();
  const WinogradPlan plan(p, kSize, pool.size(), gemm);
  constexpr int kPoints = (kSize + 2) * (kSize + 2);
  const float* weights = static_cast<const float*>(args.packed);
  const float* bias = weights + plan.WeightFloats();
  const Clamp clamp = ClampOf(p.epilogue);
  // After an activation that is no clamp it is FinishEpilogue's.
  const bool add_after = p.epilogue.residual_after && IsClamp(p.epilogue);
  const int64_t in_plane = int64_t{kBlock} * p.in_height * p.in_width;
  const int64_t out_plane = int64_t{kBlock} * p.out_height * p.out_width;
  const int64_t k_floats = plan.k_blocks * kBlock;
  int64_t* const offsets = static_cast<int64_t*>(args.scratch);
  for (int64_t k = 0; k < plan.k_blocks; ++k) offsets[k] = k * plan.block_tiles * kBlock;
  float* const scratch =
      static_cast<float*>(args.scratch) + RoundUp(plan.k_blocks * 2, int64_t{kBlock});

  const auto to_v = [&](int64_t begin, int64_t count, int64_t k, float* v) HWY_ATTR {
    ForEachStrip(p, plan, begin, count, [&](const WinogradStrip& strip) HWY_ATTR {
      StripToV<kSize>(p, plan, strip,
                      args.input + strip.image * args.input_batch_stride + k * in_plane,
                      v + k * plan.block_tiles * kBlock);
    });
  };
  const auto multiply = [&](int64_t count, int64_t q, int64_t n, int panel, const float* v,
                            float* m) HWY_ATTR {
    BlockTile tile;
    tile.a = v + q * plan.v_stride;
    tile.offsets = offsets;
    tile.segments = plan.k_blocks;
    tile.rows = count;
    tile.b = weights + (q * plan.n_blocks + n) * k_floats * kBlock;
    tile.c = m + q * plan.m_stride + n * plan.block_tiles * kBlock;
    tile.c_block_stride = plan.block_tiles * kBlock;
    tile.lo = -HUGE_VALF;
    tile.hi = HUGE_VALF;
    gemm.Run(panel, tile);
  };
  const auto from_m = [&](int64_t begin, int64_t count, int64_t n, const float* m) HWY_ATTR {
    ForEachStrip(p, plan, begin, count, [&](const WinogradStrip& strip) HWY_ATTR {
      const auto strip_from_m = p.epilogue.residual ? StripFromM<kSize, Joins::kBeforeActivation>
                                : add_after         ? StripFromM<kSize, Joins::kAfterActivation>
                                                    : StripFromM<kSize, Joins::kNever>;
      const float* residual =
          p.epilogue.residual || add_after
              ? args.residual + strip.image * args.residual_batch_stride + n * out_plane
              : nullptr;
      strip_from_m(p, plan, strip, m + n * plan.block_tiles * kBlock, bias + n * kBlock, clamp,
                   residual, args.output + strip.image * args.output_batch_stride + n * out_plane);
    });
  };

  const int64_t blocks = DivideUp(plan.tiles, plan.block_tiles);
  if (!plan.shared) {
    pool.ParallelFor(blocks, [&](int64_t block, int worker) {
      float* v = scratch + worker * plan.ScratchFloats();
      float* m = v + kPoints * plan.v_stride;
      const int64_t begin = block * plan.block_tiles;
      const int64_t count = std::min(plan.block_tiles, plan.tiles - begin);
      for (int64_t k = 0; k < plan.k_blocks; ++k) to_v(begin, count, k, v);
      for (int64_t q = 0; q < kPoints; ++q) {
        for (int64_t n = 0; n < plan.n_blocks;) {
          const int panel = gemm.Panel(plan.n_blocks - n);
          multiply(count, q, n, panel, v, m);
          n += panel;
        }
      }
      for (int64_t n = 0; n < plan.n_blocks; ++n) from_m(begin, count, n, m);
    });
  } else {
    float* v = scratch;
    float* m = v + kPoints * plan.v_stride;
    for (int64_t block = 0; block < blocks; ++block) {
      const int64_t begin = block * plan.block_tiles;
      const int64_t count = std::min(plan.block_tiles, plan.tiles - begin);
      pool.ParallelFor(plan.k_blocks, [&](int64_t k, int) { to_v(begin, count, k, v); });
      const int64_t widest = gemm.Panel(plan.n_blocks);
      const int64_t groups = DivideUp(plan.n_blocks, widest);
      pool.ParallelFor(kPoints * groups, [&](int64_t item, int) {
        const int64_t q = item / groups, first = item % groups * widest;
        for (int64_t n = first; n < std::min(first + widest, plan.n_blocks);) {
          const int panel = gemm.Panel(plan.n_blocks - n);
          multiply(count, q, n, panel, v, m);
          n += panel;
        }
      });
      pool.ParallelFor(plan.n_blocks, [&](int64_t n, int) { from_m(begin, count, n, m); });
    }
  }
}

void RunF2(const ConvProblem& p, const ConvArgs& a, ThreadPool& pool) {
  RunWinograd<2>(p, a, pool);
}
void RunF4(const ConvProblem& p, const ConvArgs& a, ThreadPool& pool) {
  RunWinograd<4>(p, a, pool);
}
void RunF6(const ConvProblem& p, const ConvArgs& a, ThreadPool& pool) {
  RunWinograd<6>(p, a, pool);
}

PEEL_ENTRY(RunF2);
PEEL_ENTRY(RunF4);
PEEL_ENTRY(RunF6);

}  // namespace HWY_NAMESPACE
}  // namespace peel::engine
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "src/engine/kernels/conv/winograd_host.h"

namespace peel::engine {
namespace {

PEEL_EXPORT(RunF2);
PEEL_EXPORT(RunF4);
PEEL_EXPORT(RunF6);

template <int kSize>
void Run(const ConvProblem& problem, const ConvArgs& args, ThreadPool& pool) {
  if constexpr (kSize == 2) PEEL_DISPATCH(RunF2)(problem, args, pool);
  if constexpr (kSize == 4) PEEL_DISPATCH(RunF4)(problem, args, pool);
  if constexpr (kSize == 6) PEEL_DISPATCH(RunF6)(problem, args, pool);
  FinishEpilogue(problem, args, pool, /*residual_added=*/IsClamp(problem.epilogue));
}

template <int kSize>
constexpr ConvKernel Kernel(const char* name) {
  return {name,
          RejectWinograd,
          [](const ConvProblem& p, int threads) { return WinogradCost(p, kSize, threads); },
          [](const ConvProblem& p) { return WinogradPackedBytes(p, kSize); },
          [](const ConvProblem& p, const float* weights, const float* bias, void* packed) {
            PackWinograd(p, kSize, weights, bias, packed);
          },
          [](const ConvProblem& p, int threads) { return WinogradScratchBytes(p, kSize, threads); },
          Run<kSize>,
          /*residual_in_place=*/true};
}

}  // namespace

const ConvKernel kWinogradF2 = Kernel<2>("winograd_f2");
const ConvKernel kWinogradF4 = Kernel<4>("winograd_f4");
const ConvKernel kWinogradF6 = Kernel<6>("winograd_f6");

}  // namespace peel::engine
#endif

// Filters to the Winograd domain: U = G g Gᵀ, in double and rounded once, so that what the kernels
// lose is theirs alone.

#include <algorithm>
#include <cstdint>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/engine/kernels/conv/winograd_pack.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "src/base/dispatch-inl.h"
#include "src/engine/kernels/conv/winograd_host.h"
#include "src/engine/kernels/gemm/block_gemm.h"
#include "src/engine/kernels/shape4.h"

HWY_BEFORE_NAMESPACE();
namespace peel::engine {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Sixteen filters of sixteen inputs: tile[tap][input][filter].
void TransformFilters(const float (*HWY_RESTRICT tile)[kBlock][kBlock], int taps,
                      const double (*HWY_RESTRICT g)[3], float* HWY_RESTRICT to,
                      int64_t point_stride, int64_t input_stride) {
  const hn::CappedTag<double, kBlock> d;
  const hn::Rebind<float, decltype(d)> df;
  using V = hn::VFromD<decltype(d)>;
  const int lanes = static_cast<int>(hn::Lanes(d));
  for (int c = 0; c < kBlock; ++c) {
    for (int i = 0; i < kBlock; i += lanes) {
      V w[9];
#pragma GCC unroll 9
      for (int t = 0; t < 9; ++t) w[t] = hn::PromoteTo(d, hn::LoadU(df, &tile[t][c][i]));
      float* out = to + c * input_stride + i;
      for (int r = 0; r < taps; ++r) {
        const V g0 = hn::Set(d, g[r][0]), g1 = hn::Set(d, g[r][1]), g2 = hn::Set(d, g[r][2]);
        V half[3];
#pragma GCC unroll 3
        for (int x = 0; x < 3; ++x) {
          half[x] = hn::MulAdd(g0, w[x], hn::MulAdd(g1, w[3 + x], hn::Mul(g2, w[6 + x])));
        }
        for (int x = 0; x < taps; ++x) {
          const V u = hn::MulAdd(
              hn::Set(d, g[x][0]), half[0],
              hn::MulAdd(hn::Set(d, g[x][1]), half[1], hn::Mul(hn::Set(d, g[x][2]), half[2])));
          hn::StoreU(hn::DemoteTo(df, u), df, out + (r * taps + x) * point_stride);
        }
      }
    }
  }
}

void PackFilters(const ConvProblem& p, int taps, const double (*g)[3], const BlockGemm& gemm,
                 const float* weights, const float* bias, float* to) {
  const int64_t n_blocks = ChannelBlocks(p.out_channels);
  const int64_t k = ChannelBlocks(p.in_channels) * kBlock;
  const int64_t point_stride = n_blocks * kBlock * k;
  HWY_ALIGN float tile[9][kBlock][kBlock];
  for (int64_t block = 0; block < n_blocks;) {
    const int panel = gemm.Panel(n_blocks - block);
    for (int part = 0; part < panel; ++part) {
      const int64_t first = (block + part) * kBlock;
      const int filters = static_cast<int>(std::min<int64_t>(p.out_channels - first, kBlock));
      for (int64_t c = 0; c < k; c += kBlock) {
        const int inputs = static_cast<int>(std::min<int64_t>(p.in_channels - c, kBlock));
        if (filters < kBlock || inputs < kBlock) std::memset(tile, 0, sizeof(tile));
        for (int j = 0; j < filters; ++j) {
          const float* w = weights + ((first + j) * p.in_channels + c) * 9;
          for (int i = 0; i < inputs; ++i, w += 9) {
            for (int t = 0; t < 9; ++t) tile[t][i][j] = w[t];
          }
        }
        TransformFilters(tile, taps, g,
                         to + block * kBlock * k + c * panel * kBlock + int64_t{part} * kBlock,
                         point_stride, panel * kBlock);
      }
    }
    block += panel;
  }
  float* const biases = to + int64_t{taps} * taps * point_stride;
  std::memset(biases, 0, static_cast<size_t>(n_blocks) * kBlock * sizeof(float));
  if (bias != nullptr) {
    std::memcpy(biases, bias, static_cast<size_t>(p.out_channels) * sizeof(float));
  }
}

PEEL_ENTRY(PackFilters);

}  // namespace HWY_NAMESPACE
}  // namespace peel::engine
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace peel::engine {
namespace {

PEEL_EXPORT(PackFilters);

// The filter transforms G of the points in winograd.cc.
constexpr double kG2[4][3] = {{1, 0, 0}, {.5, .5, .5}, {.5, -.5, .5}, {0, 0, 1}};
constexpr double kG4[6][3] = {{1. / 4, 0, 0},
                              {-1. / 6, -1. / 6, -1. / 6},
                              {-1. / 6, 1. / 6, -1. / 6},
                              {1. / 24, 1. / 12, 1. / 6},
                              {1. / 24, -1. / 12, 1. / 6},
                              {0, 0, 1}};
constexpr double kG6[8][3] = {{1, 0, 0},
                              {-2. / 9, -2. / 9, -2. / 9},
                              {-2. / 9, 2. / 9, -2. / 9},
                              {1. / 90, 1. / 45, 2. / 45},
                              {1. / 90, -1. / 45, 2. / 45},
                              {32. / 45, 16. / 45, 8. / 45},
                              {32. / 45, -16. / 45, 8. / 45},
                              {0, 0, 1}};

}  // namespace

void PackWinograd(const ConvProblem& problem, int tile_size, const float* weights,
                  const float* bias, void* packed) {
  PEEL_DISPATCH(PackFilters)
  (problem, tile_size + 2,
   tile_size == 6   ? kG6
   : tile_size == 4 ? kG4
                    : kG2,
   GetBlockGemm(), weights, bias, static_cast<float*>(packed));
}

}  // namespace peel::engine
#endif

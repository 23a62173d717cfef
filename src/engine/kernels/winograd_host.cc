#include "src/engine/kernels/winograd_host.h"

#include <algorithm>
#include <cstring>

#include "src/engine/kernels/block_gemm.h"
#include "src/engine/kernels/conv_common.h"
#include "src/engine/kernels/winograd_plan.h"

namespace peel::engine {
namespace {

// The filter transform G of the points in winograd-inl.h.
constexpr double kG4[6][3] = {{1. / 4, 0, 0},
                              {-1. / 6, -1. / 6, -1. / 6},
                              {-1. / 6, 1. / 6, -1. / 6},
                              {1. / 24, 1. / 12, 1. / 6},
                              {1. / 24, -1. / 12, 1. / 6},
                              {0, 0, 1}};
constexpr double kG2[4][3] = {{1, 0, 0}, {.5, .5, .5}, {.5, -.5, .5}, {0, 0, 1}};

}  // namespace

std::string RejectWinograd(const ConvProblem& p) {
  if (auto why = RejectUnlessLayouts(p, Layout::kBlocked, Layout::kBlocked); !why.empty()) {
    return why;
  }
  if (p.groups != 1) return "has groups";
  if (p.kernel_h != 3 || p.kernel_w != 3) return "kernel is not 3x3";
  if (p.stride_h != 1 || p.stride_w != 1) return "stride is not 1";
  return "";
}

size_t WinogradPackedBytes(const ConvProblem& p, int tile_size) {
  const size_t taps = static_cast<size_t>(tile_size) + 2;
  const size_t k = static_cast<size_t>(ChannelBlocks(p.in_channels)) * kBlock;
  const size_t n = static_cast<size_t>(ChannelBlocks(p.out_channels)) * kBlock;
  return (taps * taps * k * n + n) * sizeof(float);
}

void PackWinograd(const ConvProblem& p, int tile_size, const float* weights, const float* bias,
                  void* packed) {
  const BlockGemm& gemm = GetBlockGemm();
  const int taps = tile_size + 2;
  const double(*g)[3] = tile_size == 4 ? kG4 : kG2;
  float* to = static_cast<float*>(packed);
  std::memset(to, 0, WinogradPackedBytes(p, tile_size));
  const int64_t n_blocks = ChannelBlocks(p.out_channels);
  const int64_t k = ChannelBlocks(p.in_channels) * kBlock;
  for (int64_t block = 0; block < n_blocks;) {
    const int panel = gemm.Panel(n_blocks - block);
    const int64_t wide = int64_t{panel} * kBlock;
    const int64_t last = std::min<int64_t>(p.out_channels - block * kBlock, wide);
    for (int64_t j = 0; j < last; ++j) {
      for (int64_t c = 0; c < p.in_channels; ++c) {
        const float* w = weights + ((block * kBlock + j) * p.in_channels + c) * 9;
        double half[6][3];
        for (int r = 0; r < taps; ++r) {
          for (int x = 0; x < 3; ++x)
            half[r][x] = g[r][0] * w[x] + g[r][1] * w[3 + x] + g[r][2] * w[6 + x];
        }
        for (int r = 0; r < taps; ++r) {
          for (int x = 0; x < taps; ++x) {
            const double u = half[r][0] * g[x][0] + half[r][1] * g[x][1] + half[r][2] * g[x][2];
            to[(((r * taps + x) * n_blocks + block) * k * kBlock) + c * wide + j] =
                static_cast<float>(u);
          }
        }
      }
    }
    block += panel;
  }
  if (bias != nullptr) {
    std::memcpy(to + taps * taps * k * n_blocks * kBlock, bias,
                static_cast<size_t>(p.out_channels) * sizeof(float));
  }
}

size_t WinogradScratchBytes(const ConvProblem& p, int tile_size, int threads) {
  const WinogradPlan plan(p, tile_size, threads, GetBlockGemm());
  const int64_t copies = plan.shared ? 1 : threads;
  return static_cast<size_t>(RoundUp(plan.k_blocks * 2, int64_t{kBlock}) +
                             copies * plan.ScratchFloats()) *
         sizeof(float);
}

double WinogradCost(const ConvProblem& p, int tile_size, int threads) {
  const WinogradPlan plan(p, tile_size, threads, GetBlockGemm());
  const double points = plan.taps * plan.taps;
  const double channels = static_cast<double>(plan.k_blocks + plan.n_blocks) * kBlock;
  const double multiply_adds =
      points * static_cast<double>(plan.tiles * plan.k_blocks * plan.n_blocks * kBlock * kBlock);
  // The transforms write and read each point once beside the image itself.
  const double transformed = points * static_cast<double>(plan.tiles) * channels * 4;
  const double weights = static_cast<double>(plan.WeightFloats()) * 4;
  return EstimateMs(multiply_adds, 0.85, 1.2 * transformed + weights, threads);
}

}  // namespace peel::engine

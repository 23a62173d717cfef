#include "src/engine/kernels/conv/winograd_host.h"

#include <algorithm>

#include "src/engine/kernels/conv/conv_common.h"
#include "src/engine/kernels/conv/winograd_plan.h"
#include "src/engine/kernels/gemm/block_gemm.h"

namespace peel::engine {
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

// Convolution layers of the networks Peel runs, kernel by kernel, as GFLOP/s of the convolution's
// own multiply-adds; those of Winograd may pass the processor's peak, which the first benchmark
// measures. Arguments: threads.

#include <benchmark/benchmark.h>

#include <cstring>
#include <string>
#include <vector>

#include "src/base/aligned_buffer.h"
#include "src/engine/kernels/block_gemm.h"
#include "src/engine/kernels/conv.h"
#include "src/engine/kernels/shape4.h"

namespace peel::engine {
namespace {

struct Layer {
  int in, out, size, kernel, dilation, stride, groups;
};
constexpr Layer kLayers[] = {
    // U²-Net and its small sibling
    {3, 64, 320, 3, 1, 1, 1},
    {64, 16, 320, 3, 1, 1, 1},
    {32, 64, 320, 3, 1, 1, 1},
    {128, 64, 320, 3, 1, 1, 1},
    {64, 64, 160, 3, 1, 1, 1},
    {128, 64, 160, 3, 1, 1, 1},
    {16, 16, 160, 3, 1, 1, 1},
    {32, 16, 80, 3, 1, 1, 1},
    {128, 64, 80, 3, 1, 1, 1},
    {16, 16, 40, 3, 1, 1, 1},
    {128, 64, 40, 3, 1, 1, 1},
    {512, 256, 40, 3, 1, 1, 1},
    {32, 16, 20, 3, 1, 1, 1},
    {16, 16, 20, 3, 8, 1, 1},
    {256, 256, 20, 3, 4, 1, 1},
    {1024, 512, 20, 3, 1, 1, 1},
    {16, 16, 10, 3, 1, 1, 1},
    {512, 512, 10, 3, 1, 1, 1},
    {256, 256, 10, 3, 8, 1, 1},
    {64, 1, 320, 3, 1, 1, 1},
    {512, 1, 20, 3, 1, 1, 1},
    // first layers with a stride, mobile networks, heads
    {3, 64, 1024, 3, 1, 2, 1},
    {32, 64, 160, 3, 1, 2, 1},
    {32, 96, 80, 1, 1, 1, 1},
    {128, 128, 40, 1, 1, 1, 1},
    {512, 512, 20, 1, 1, 1, 1},
    {96, 96, 80, 3, 1, 1, 96},
    {96, 96, 80, 3, 1, 2, 96},
    {96, 96, 80, 5, 1, 1, 96},
};

ConvProblem ProblemOf(const Layer& l, Layout in, Layout out) {
  ConvProblem p;
  p.in_channels = l.in;
  p.out_channels = l.out;
  p.in_height = p.in_width = l.size;
  p.kernel_h = p.kernel_w = l.kernel;
  p.dilation_h = p.dilation_w = l.dilation;
  p.stride_h = p.stride_w = l.stride;
  p.groups = l.groups;
  p.pad_top = p.pad_left = l.dilation * (l.kernel - 1) / 2;
  p.out_height = p.out_width =
      (l.size + 2 * p.pad_top - l.dilation * (l.kernel - 1) - 1) / l.stride + 1;
  p.epilogue.activation = Activation::kRelu;
  p.in_layout = in;
  p.out_layout = out;
  return p;
}

AlignedBuffer Filled(size_t bytes, float value) {
  AlignedBuffer buffer = *AlignedBuffer::Allocate(bytes + 64);
  for (size_t i = 0; i < bytes / sizeof(float); ++i) {
    buffer.as<float>()[i] = value * static_cast<float>(i % 17);
  }
  return buffer;
}

void RunLayer(benchmark::State& state, const ConvProblem& p, const ConvKernel& kernel,
              int threads) {
  ThreadPool pool(threads);
  const Shape4 in{p.batch, p.in_channels, p.in_height, p.in_width};
  const Shape4 out{p.batch, p.out_channels, p.out_height, p.out_width};
  AlignedBuffer input = Filled(static_cast<size_t>(TensorFloats(p.in_layout, in)) * 4, 0.01f);
  AlignedBuffer output = Filled(static_cast<size_t>(TensorFloats(p.out_layout, out)) * 4, 0);
  AlignedBuffer packed = Filled(kernel.packed_bytes(p), 0);
  AlignedBuffer scratch = Filled(kernel.scratch_bytes(p, threads), 0);
  const int64_t taps = p.kernel_h * p.kernel_w;
  AlignedBuffer weights =
      Filled(static_cast<size_t>(p.out_channels * (p.in_channels / p.groups) * taps) * 4, 0.001f);
  kernel.pack(p, weights.as<float>(), nullptr, packed.data());
  ConvArgs args;
  args.input = input.as<float>();
  args.packed = packed.data();
  args.output = output.as<float>();
  args.scratch = scratch.data();
  kernel.run(p, args, pool);
  for (auto _ : state) kernel.run(p, args, pool);
  const double flops = 2.0 * p.out_channels * p.out_height * p.out_width *
                       (p.in_channels / p.groups) * static_cast<double>(taps);
  state.counters["GFLOP/s"] = benchmark::Counter(
      flops * 1e-9 * static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
  state.counters["estimate_ms"] = kernel.cost(p, threads);
}

// The shared inner product on operands that stay in the first-level cache.
void Peak(benchmark::State& state) {
  const BlockGemm& gemm = GetBlockGemm();
  const int panel = gemm.max_panel, rows = gemm.BestRows(panel);
  AlignedBuffer a = Filled(64 * 1024, 0.01f), b = Filled(64 * 1024, 0.01f);
  AlignedBuffer c = Filled(64 * 1024, 0);
  const int64_t offsets[] = {0, 0, 0, 0};
  BlockTile tile;
  tile.a = a.as<float>();
  tile.offsets = offsets;
  tile.segments = 4;
  tile.rows = rows;
  tile.b = b.as<float>();
  tile.c = c.as<float>();
  tile.c_block_stride = rows * kBlock;
  tile.hi = 1e30f;
  for (auto _ : state) {
    for (int i = 0; i < 1000; ++i) gemm.Run(panel, tile);
  }
  state.counters["GFLOP/s"] = benchmark::Counter(
      2e-6 * 64 * panel * kBlock * rows * static_cast<double>(state.iterations()),
      benchmark::Counter::kIsRate);
}
BENCHMARK(Peak)->MinTime(0.1);

bool RegisterLayers() {
  for (const Layer& layer : kLayers) {
    for (Layout in : {Layout::kPlain, Layout::kBlocked}) {
      for (Layout out : {Layout::kPlain, Layout::kBlocked}) {
        const ConvProblem p = ProblemOf(layer, in, out);
        // The plain kernels are for few channels.
        if (in == Layout::kPlain && layer.in > 8) continue;
        for (const ConvKernel& kernel : ConvKernels().first(ConvKernels().size() - 1)) {
          if (!kernel.reject(p).empty()) continue;
          std::string name = std::to_string(layer.in) + "-" + std::to_string(layer.out) + "/" +
                             std::to_string(layer.size) + "/k" + std::to_string(layer.kernel) +
                             "/d" + std::to_string(layer.dilation) + "/s" +
                             std::to_string(layer.stride) + "/" + kernel.name;
          for (int threads : {1, 2}) {
            benchmark::RegisterBenchmark(
                (name + "/threads" + std::to_string(threads)).c_str(),
                [p, &kernel, threads](benchmark::State& s) { RunLayer(s, p, kernel, threads); })
                ->Unit(benchmark::kMillisecond)
                ->UseRealTime()
                ->MinTime(0.05);
          }
        }
      }
    }
  }
  return true;
}
const bool registered = RegisterLayers();

}  // namespace
}  // namespace peel::engine

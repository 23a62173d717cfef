// Convolution layers of the networks Peel runs, kernel by kernel, as GFLOP/s of the convolution's
// own multiply-adds; those of Winograd may pass the processor's peak, which the first benchmark
// measures. bench/shapes draws them against that peak and the memory's bandwidth.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "src/base/aligned_buffer.h"
#include "src/engine/kernels/conv/bench_layers.h"
#include "src/engine/kernels/conv/conv.h"
#include "src/engine/kernels/gemm/block_gemm.h"
#include "src/engine/kernels/registry.h"
#include "src/engine/kernels/shape4.h"

namespace peel::engine {
namespace {

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

// The shared inner product on operands that stay in the first-level cache, on every thread at once.
void Peak(benchmark::State& state) {
  ThreadPool pool(static_cast<int>(state.range(0)));
  const BlockGemm& gemm = GetBlockGemm();
  const int panel = gemm.max_panel, rows = gemm.BestRows(panel);
  constexpr int64_t kSegments = 4, kCalls = 1000;
  const int64_t offsets[kSegments] = {0, 0, 0, 0};
  std::vector<AlignedBuffer> buffers;
  for (int i = 0; i < 3 * pool.size(); ++i) buffers.push_back(Filled(64 * 1024, 0.01f));
  for (auto _ : state) {
    pool.ParallelFor(pool.size(), [&](int64_t part, int) {
      const size_t first = static_cast<size_t>(part) * 3;
      BlockTile tile;
      tile.a = buffers[first].as<float>();
      tile.offsets = offsets;
      tile.segments = kSegments;
      tile.rows = rows;
      tile.b = buffers[first + 1].as<float>();
      tile.c = buffers[first + 2].as<float>();
      tile.c_block_stride = rows * kBlock;
      tile.hi = 1e30f;
      for (int64_t i = 0; i < kCalls; ++i) gemm.Run(panel, tile);
    });
  }
  state.counters["GFLOP/s"] =
      benchmark::Counter(2e-9 * kCalls * kSegments * kBlock * panel * kBlock * rows * pool.size() *
                             static_cast<double>(state.iterations()),
                         benchmark::Counter::kIsRate);
}
BENCHMARK(Peak)->Name("peak/threads")->Arg(1)->Arg(2)->UseRealTime()->MinTime(0.1);

// Bytes read and written a second where nothing stays in a cache: a copy of 256 MB.
void Bandwidth(benchmark::State& state) {
  ThreadPool pool(static_cast<int>(state.range(0)));
  constexpr size_t kBytes = size_t{256} << 20, kPart = size_t{1} << 20;
  AlignedBuffer from = Filled(kBytes, 1), to = Filled(kBytes, 0);
  for (auto _ : state) {
    pool.ParallelFor(static_cast<int64_t>(kBytes / kPart), [&](int64_t part, int) {
      const size_t at = static_cast<size_t>(part) * kPart;
      std::memcpy(to.data() + at, from.data() + at, kPart);
    });
    benchmark::ClobberMemory();
  }
  state.counters["GB/s"] = benchmark::Counter(
      2e-9 * static_cast<double>(kBytes) * static_cast<double>(state.iterations()),
      benchmark::Counter::kIsRate);
}
BENCHMARK(Bandwidth)->Name("bandwidth/threads")->Arg(1)->Arg(2)->UseRealTime()->MinTime(0.2);

// Kernels that are estimated at more than this many times the cheapest are not worth the wait.
constexpr double kHopeless = 6;

// Every kernel but the reference, in the first pair of layouts that it takes.
bool RegisterLayers() {
  constexpr std::pair<Layout, Layout> kLayouts[] = {{Layout::kBlocked, Layout::kBlocked},
                                                    {Layout::kPlain, Layout::kBlocked},
                                                    {Layout::kBlocked, Layout::kPlain},
                                                    {Layout::kPlain, Layout::kPlain}};
  for (const BenchLayer& layer : BenchLayers()) {
    std::vector<std::pair<const ConvKernel*, ConvProblem>> candidates;
    double cheapest = 1e30;
    for (const ConvKernel& kernel : ConvKernels().first(ConvKernels().size() - 1)) {
      for (const auto& [in, out] : kLayouts) {
        const ConvProblem p = BenchProblem(layer, in, out);
        if (!kernel.reject(p).empty()) continue;
        candidates.emplace_back(&kernel, p);
        cheapest = std::min(cheapest, kernel.cost(p, 1));
        break;
      }
    }
    for (const auto& [kernel, p] : candidates) {
      if (kernel->cost(p, 1) > kHopeless * cheapest) continue;
      const std::string name = BenchName(layer) + "/" + kernel->name + "/threads:";
      for (int threads : {1, 2}) {
        benchmark::RegisterBenchmark((name + std::to_string(threads)).c_str(),
                                     [p = p, kernel = kernel, threads](benchmark::State& s) {
                                       RunLayer(s, p, *kernel, threads);
                                     })
            ->Unit(benchmark::kMillisecond)
            ->UseRealTime()
            ->MinTime(0.02);
      }
    }
  }
  return true;
}
const bool registered = RegisterLayers();

}  // namespace
}  // namespace peel::engine

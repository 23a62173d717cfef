#include "src/image/resize.h"

#include <benchmark/benchmark.h>

#include <utility>

#include "src/image/test_pixels.h"

namespace peel {
namespace {

// A 12-megapixel photo down to a network's input, on state.range(0) threads.
void PhotoToNetwork(benchmark::State& state) {
  const ImageU8 in = testing::Noise(1, 4000, 3000, 3);
  ThreadPool pool(static_cast<int>(state.range(0)));
  for (auto _ : state) {
    auto out = Resize(in.view(), 320, 320, ResizeFilter::kLanczos, &pool);
    benchmark::DoNotOptimize(out->row(0));
  }
}
BENCHMARK(PhotoToNetwork)->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond)->UseRealTime();

void PhotoToNetworkFast(benchmark::State& state) {
  const ImageU8 in = testing::Noise(1, 4000, 3000, 3);
  ThreadPool pool(static_cast<int>(state.range(0)));
  for (auto _ : state) {
    auto out = ResizeFast(in.view(), 320, 320, &pool);
    benchmark::DoNotOptimize(out->row(0));
  }
}
BENCHMARK(PhotoToNetworkFast)->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond)->UseRealTime();

// A network's matte up to the photo.
void MatteToPhoto(benchmark::State& state) {
  const ImageU8 in = testing::Noise(1, 320, 320, 1);
  ThreadPool pool(static_cast<int>(state.range(0)));
  for (auto _ : state) {
    auto out = Resize(in.view(), 4000, 3000, ResizeFilter::kLanczos, &pool);
    benchmark::DoNotOptimize(out->row(0));
  }
}
BENCHMARK(MatteToPhoto)->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond)->UseRealTime();

void MatteToPhotoF32(benchmark::State& state) {
  ImageF32 in = std::move(*ImageF32::Allocate(320, 320, 1));
  for (int y = 0; y < 320; ++y) std::fill_n(in.row(y), 320, 0.25f);
  ThreadPool pool(static_cast<int>(state.range(0)));
  for (auto _ : state) {
    auto out = ResizeF32(std::as_const(in).view(), 4000, 3000, ResizeFilter::kBilinear, &pool);
    benchmark::DoNotOptimize(out->row(0));
  }
}
BENCHMARK(MatteToPhotoF32)->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace peel

#include "src/rectify/warp/warp.h"

#include <benchmark/benchmark.h>

#include <string>
#include <utility>

#include "src/image/test_pixels.h"

namespace peel {
namespace {

// A photograph of 12 megapixels that a sheet nearly fills, straightened to 8 megapixels.
constexpr Size kPhoto{4000, 3000}, kResult{3400, 2400};
const Quad kSheet{{{{520, 330}, {3480, 210}, {3720, 2790}, {300, 2640}}}};

template <typename T>
Image<T> Photo(int channels) {
  Image<T> out = std::move(*Image<T>::Allocate(kPhoto.width, kPhoto.height, channels));
  const ImageU8 noise = testing::Noise(1, kPhoto.width, kPhoto.height, channels);
  for (int y = 0; y < kPhoto.height; ++y) {
    for (int i = 0; i < kPhoto.width * channels; ++i) {
      out.row(y)[i] = static_cast<T>(noise.row(y)[i] * (sizeof(T) == 2 ? 257 : 1));
      if (channels % 2 == 0 && i % channels == channels - 1) out.row(y)[i] = static_cast<T>(~T{0});
    }
  }
  return out;
}

template <typename T>
void Run(benchmark::State& state, int channels, WarpFilter filter, Size size) {
  const Image<T> photo = Photo<T>(channels);
  const Homography to_source = *Inverse(*QuadToRectangle(kSheet, size));
  ThreadPool pool(static_cast<int>(state.range(0)));
  for (auto _ : state) {
    auto out = Warp(photo.view(), to_source, size, {filter}, &pool);
    benchmark::DoNotOptimize(out->row(0));
  }
}

void Bilinear(benchmark::State& state) { Run<uint8_t>(state, 3, WarpFilter::kBilinear, kResult); }
void Bicubic(benchmark::State& state) { Run<uint8_t>(state, 3, WarpFilter::kBicubic, kResult); }
void Lanczos(benchmark::State& state) { Run<uint8_t>(state, 3, WarpFilter::kLanczos, kResult); }
void BicubicGrey(benchmark::State& state) { Run<uint8_t>(state, 1, WarpFilter::kBicubic, kResult); }
void BicubicAlpha(benchmark::State& state) {
  Run<uint8_t>(state, 4, WarpFilter::kBicubic, kResult);
}
void Bicubic16(benchmark::State& state) { Run<uint16_t>(state, 3, WarpFilter::kBicubic, kResult); }
// Shrunk to a half, a fourth and a tenth of the sides.
void Half(benchmark::State& state) { Run<uint8_t>(state, 3, WarpFilter::kBicubic, {1700, 1200}); }
void Fourth(benchmark::State& state) { Run<uint8_t>(state, 3, WarpFilter::kBicubic, {850, 600}); }
void Tenth(benchmark::State& state) { Run<uint8_t>(state, 3, WarpFilter::kBicubic, {340, 240}); }

#define PEEL_WARP_BENCHMARK(NAME)     \
  BENCHMARK(NAME)                     \
      ->Arg(1)                        \
      ->Arg(2)                        \
      ->Unit(benchmark::kMillisecond) \
      ->UseRealTime()                 \
      ->MeasureProcessCPUTime()
PEEL_WARP_BENCHMARK(Bilinear);
PEEL_WARP_BENCHMARK(Bicubic);
PEEL_WARP_BENCHMARK(Lanczos);
PEEL_WARP_BENCHMARK(BicubicGrey);
PEEL_WARP_BENCHMARK(BicubicAlpha);
PEEL_WARP_BENCHMARK(Bicubic16);
PEEL_WARP_BENCHMARK(Half);
PEEL_WARP_BENCHMARK(Fourth);
PEEL_WARP_BENCHMARK(Tenth);

}  // namespace
}  // namespace peel

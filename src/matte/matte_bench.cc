#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "src/image/resize.h"
#include "src/matte/colour/cutout.h"
#include "src/matte/colour/foreground.h"
#include "src/matte/compat_rembg.h"
#include "src/matte/edges/guided.h"
#include "src/matte/model/fake_network.h"

namespace peel {
namespace {

constexpr int kWidth = 4000, kHeight = 3000;

// A textured 12-megapixel photo with a blob of a subject, and the blob's matte at 320 x 320.
struct Scene {
  ImageU8 photo, small;
  ImageF32 matte;
};

const Scene& TheScene() {
  static const Scene scene = [] {
    Scene s;
    const ImageU8 texture = testing::Noise(1, 500, 375, 3);
    s.photo = std::move(*Resize(texture.view(), kWidth, kHeight, ResizeFilter::kBicubic));
    s.matte = std::move(*ImageF32::Allocate(320, 320, 1));
    s.small = std::move(*ImageU8::Allocate(320, 320, 1));
    for (int y = 0; y < 320; ++y) {
      for (int x = 0; x < 320; ++x) {
        const double angle = std::atan2(y - 160, x - 160);
        const double edge = 100 + 12 * std::sin(7 * angle);
        const double a = std::clamp((edge - std::hypot(x - 160, y - 160)) / 3 + 0.5, 0.0, 1.0);
        s.matte.row(y)[x] = static_cast<float>(a);
        s.small.row(y)[x] = static_cast<uint8_t>(std::lround(255 * a));
      }
    }
    return s;
  }();
  return scene;
}

void Guided(benchmark::State& state) {
  const Scene& s = TheScene();
  ThreadPool pool(static_cast<int>(state.range(0)));
  for (auto _ : state) {
    auto alpha = GuidedUpsample(s.matte.view(), s.photo.view(), {}, &pool);
    benchmark::DoNotOptimize(alpha->row(0));
  }
}
BENCHMARK(Guided)->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond)->UseRealTime();

void Cutout(benchmark::State& state) {
  const Scene& s = TheScene();
  ThreadPool pool(static_cast<int>(state.range(0)));
  const auto alpha = GuidedUpsample(s.matte.view(), s.photo.view(), {}, &pool);
  CutoutOptions options;
  options.decontaminate = state.range(1) != 0;
  for (auto _ : state) {
    auto cutout = MakeCutout(s.photo.view(), alpha->view(), options, &pool);
    benchmark::DoNotOptimize(cutout->row(0));
  }
}
BENCHMARK(Cutout)
    ->ArgNames({"threads", "decontaminate"})
    ->Args({1, 0})
    ->Args({1, 1})
    ->Args({2, 1})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

// pymatting's whole-picture estimation, at one megapixel.
void WholeForeground(benchmark::State& state) {
  const Scene& s = TheScene();
  const auto rgb = Resize(s.photo.view(), 1000, 1000, ResizeFilter::kBox);
  ImageF32 picture = std::move(*ImageF32::Allocate(1000, 1000, 3));
  for (int y = 0; y < 1000; ++y) {
    for (int i = 0; i < 3000; ++i) {
      picture.row(y)[i] = static_cast<float>(rgb->row(y)[i]) / 255.0f;
    }
  }
  const auto alpha = ResizeF32(s.matte.view(), 1000, 1000, ResizeFilter::kBilinear);
  for (auto _ : state) {
    auto pair = EstimateForeground(std::as_const(picture).view(), alpha->view());
    benchmark::DoNotOptimize(pair->foreground.row(0));
  }
}
BENCHMARK(WholeForeground)->Unit(benchmark::kMillisecond);

void PostProcess(benchmark::State& state) {
  const auto mask = Resize(TheScene().small.view(), kWidth, kHeight, ResizeFilter::kLanczos);
  ThreadPool pool(static_cast<int>(state.range(0)));
  for (auto _ : state) {
    auto out = PostProcessMask(mask->view(), &pool);
    benchmark::DoNotOptimize(out->row(0));
  }
}
BENCHMARK(PostProcess)->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace peel

#include <benchmark/benchmark.h>

#include <utility>

#include "src/image/colour.h"
#include "src/rectify/bilevel/sauvola.h"
#include "src/rectify/enhance/enhance.h"
#include "src/rectify/text/reading_direction.h"
#include "src/rectify/text/test_page.h"

namespace peel {
namespace {

// Eight megapixels, an A4 page at 293 dots per inch, under a gradient; two threads.
const ImageU8& Page() {
  static const ImageU8 page = [] {
    const ImageU8 mask = testing::TextMask(2400, 3400, 5, 1);
    return testing::Photograph(
        2400, 3400, 3, [](int x, int y, int c) { return 120 + 0.03 * x + 0.01 * y - 10 * c; },
        [&](int x, int y, int) { return mask.row(y)[x] == 0 ? 0.15 : 1.0; });
  }();
  return page;
}

void BM_Enhance(benchmark::State& state) {
  ThreadPool pool(2);
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        Enhance(Page().view(), static_cast<Enhancement>(state.range(0)), &pool));
  }
}
BENCHMARK(BM_Enhance)
    ->ArgName("mode")
    ->Arg(static_cast<int>(Enhancement::kAuto))
    ->Arg(static_cast<int>(Enhancement::kColour))
    ->Arg(static_cast<int>(Enhancement::kGrey))
    ->Arg(static_cast<int>(Enhancement::kBilevel))
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

void BM_Sauvola(benchmark::State& state) {
  ThreadPool pool(2);
  const ImageU8 grey = std::move(*Luma(Page().view(), &pool));
  for (auto _ : state) benchmark::DoNotOptimize(Sauvola(grey.view(), {}, &pool));
}
BENCHMARK(BM_Sauvola)->Unit(benchmark::kMillisecond)->UseRealTime();

void BM_ReadingDirection(benchmark::State& state) {
  ThreadPool pool(2);
  for (auto _ : state) benchmark::DoNotOptimize(FindReadingDirection(Page().view(), &pool));
}
BENCHMARK(BM_ReadingDirection)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace peel

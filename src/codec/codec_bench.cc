// Writing PNG and reading JPEG and PNG, on the pictures named in PEEL_BENCH_IMAGES (paths with ':'
// between them). bench/png/compare.py prepares some and compares with Pillow.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "src/base/thread_pool.h"
#include "src/codec/decode.h"
#include "src/codec/encode.h"

namespace peel {
namespace {

std::vector<uint8_t> ReadAll(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

void DecodeBench(benchmark::State& state, const std::vector<uint8_t>& file,
                 const DecodeOptions& options) {
  for (auto _ : state) {
    auto picture = Decode(file, options);
    if (!picture.ok()) return state.SkipWithError(picture.status().message().c_str());
    benchmark::DoNotOptimize(picture->pixels);
  }
}

void EncodeBench(benchmark::State& state, const std::vector<uint8_t>& file, PngEffort effort,
                 int threads) {
  auto picture = Decode(file, {.limits = {}, .reduce_to_8_bits = true});
  if (!picture.ok()) return state.SkipWithError(picture.status().message().c_str());
  const std::unique_ptr<ThreadPool> pool =
      threads > 1 ? std::make_unique<ThreadPool>(threads) : nullptr;
  size_t bytes = 0;
  for (auto _ : state) {
    const auto png = Encode(picture->u8()->view(), {.png_effort = effort, .pool = pool.get()});
    if (!png.ok()) return state.SkipWithError(png.status().message().c_str());
    bytes = png->size();
  }
  state.counters["bytes"] = static_cast<double>(bytes);
}

const bool registered = [] {
  const char* list = std::getenv("PEEL_BENCH_IMAGES");
  std::istringstream paths(list == nullptr ? "" : list);
  for (std::string path; std::getline(paths, path, ':');) {
    const auto file = std::make_shared<std::vector<uint8_t>>(ReadAll(path));
    const std::string name = std::filesystem::path(path).filename();
    const auto add = [&](const std::string& what, auto body) {
      benchmark::RegisterBenchmark((name + "/" + what).c_str(), body)
          ->Unit(benchmark::kMillisecond)
          ->MeasureProcessCPUTime()
          ->UseRealTime();
    };
    add("decode", [file](benchmark::State& s) { DecodeBench(s, *file, {}); });
    if (Probe(*file).ok() && Probe(*file)->format == Format::kJpeg) {
      add("decode_small", [file](benchmark::State& s) {
        DecodeBench(s, *file, {.limits = {}, .min_width = 320, .min_height = 320});
      });
    }
    for (const int threads : {1, 2}) {
      const std::string suffix = "/threads:" + std::to_string(threads);
      add("encode" + suffix, [file, threads](benchmark::State& s) {
        EncodeBench(s, *file, PngEffort::kDefault, threads);
      });
    }
    add("encode_small/threads:1",
        [file](benchmark::State& s) { EncodeBench(s, *file, PngEffort::kSmall, 1); });
  }
  return true;
}();

}  // namespace
}  // namespace peel

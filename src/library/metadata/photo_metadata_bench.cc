// Headers a second on one thread, files opened and closed: those named in PEEL_BENCH_IMAGES (paths
// with ':' between them), all of them in every round, so warm. bench/scan/metadata.py sets exiftool
// beside it.
#include "src/library/metadata/photo_metadata.h"

#include <cstdint>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

namespace peel::library {
namespace {

void ReadHeadersBench(benchmark::State& state) {
  const char* const named = std::getenv("PEEL_BENCH_IMAGES");
  std::vector<std::string> paths;
  std::istringstream list(named == nullptr ? "" : named);
  for (std::string path; std::getline(list, path, ':');) paths.push_back(path);
  if (paths.empty()) return state.SkipWithError("PEEL_BENCH_IMAGES names no pictures");
  for (auto _ : state) {
    for (const std::string& path : paths) {
      const auto file = SourceFile::Open(path);
      if (!file.ok()) return state.SkipWithError((path + ": cannot be opened").c_str());
      auto photo = ReadPhotoMetadata(**file);
      if (!photo.ok()) return state.SkipWithError((path + ": cannot be read").c_str());
      benchmark::DoNotOptimize(photo);
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(paths.size()));
}
BENCHMARK(ReadHeadersBench)->Unit(benchmark::kMicrosecond)->MeasureProcessCPUTime();

}  // namespace
}  // namespace peel::library

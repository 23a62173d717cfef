// What a library of many rows costs: arguments are the rows and the dimensions of embeddings.
// Random hashes with one near copy for every tenth row, through FindDuplicates; a scan of random
// embeddings by cosine; and the processor's time, the wall's and the greatest memory, as JSON.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "src/library/duplicates/cosine_scan.h"
#include "src/library/duplicates/duplicate_groups.h"

namespace peel::library {
namespace {

class Clock {
 public:
  double Wall() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - wall_).count();
  }
  double Processor() const {
    return static_cast<double>(std::clock() - processor_) / CLOCKS_PER_SEC;
  }

 private:
  std::chrono::steady_clock::time_point wall_ = std::chrono::steady_clock::now();
  std::clock_t processor_ = std::clock();
};

long PeakKiB() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::atol(line.c_str() + 6);
  }
  return 0;
}

// The same for the same number: as if read from a database row by row.
PdqHashes HashesOfRow(size_t row, const std::vector<DuplicateItem>& items) {
  std::mt19937_64 random(row * 7919 + 1);
  PdqHashes hashes;
  for (PdqHash& hash : hashes.orientations) {
    for (uint64_t& word : hash.words) word = random();
  }
  for (PdqHash& hash : hashes.crops) {
    for (uint64_t& word : hash.words) word = random();
  }
  hashes.orientations[0] = items[row].hash;
  return hashes;
}

nlohmann::json Duplicates(size_t rows, ThreadPool* pool) {
  std::mt19937_64 random(1);
  std::vector<DuplicateItem> items(rows);
  size_t copies = 0;
  for (size_t i = 0; i < rows; ++i) {
    items[i].hash_quality = 100;
    for (uint64_t& word : items[i].hash.words) word = random();
    if (i % 10 == 9) {
      ++copies;
      items[i].hash = items[i - 5].hash;
      for (int flip = 0; flip < 30; ++flip) {
        const uint64_t bit = random() % 256;
        items[i].hash.words[bit / 64] ^= uint64_t{1} << (bit % 64);
      }
    }
  }
  const Clock clock;
  const auto groups = FindDuplicates(
      items, [&](size_t i) -> Result<PdqHashes> { return HashesOfRow(i, items); }, {}, {}, pool);
  return {{"rows", rows},
          {"copies", copies},
          {"groups", groups.ok() ? groups->size() : 0},
          {"wall_s", clock.Wall()},
          {"processor_s", clock.Processor()},
          {"peak_kib", PeakKiB()}};
}

nlohmann::json Scan(size_t count, size_t dimensions, ThreadPool* pool) {
  std::vector<uint16_t> rows(count * dimensions);
  std::mt19937 random(2);
  for (uint16_t& half : rows) half = static_cast<uint16_t>(0x2000 | (random() & 0x83ff));
  const std::vector<float> query(dimensions, 0.04f);
  std::vector<double> wall, processor;
  for (int round = 0; round < 15; ++round) {
    const Clock clock;
    const auto best = CosineScan({rows.data(), count, dimensions}, query, 50, -1, pool);
    if (!best.ok() || best->size() != 50) return "failed";
    wall.push_back(clock.Wall());
    processor.push_back(clock.Processor());
  }
  std::sort(wall.begin(), wall.end());
  std::sort(processor.begin(), processor.end());
  return {{"rows", count},
          {"dimensions", dimensions},
          {"least_wall_ms", wall[0] * 1e3},
          {"median_wall_ms", wall[7] * 1e3},
          {"median_processor_ms", processor[7] * 1e3},
          {"million_dimensions_a_second_a_core",
           static_cast<double>(count * dimensions) / processor[7] / 1e6}};
}

}  // namespace
}  // namespace peel::library

int main(int argc, char** argv) try {
  const auto rows = static_cast<size_t>(argc > 1 ? std::atol(argv[1]) : 100000);
  const auto dimensions = static_cast<size_t>(argc > 2 ? std::atol(argv[2]) : 512);
  peel::ThreadPool pool;
  nlohmann::json result;
  result["duplicates"] = peel::library::Duplicates(rows, &pool);
  result["scan"] = peel::library::Scan(rows, dimensions, &pool);
  std::puts(result.dump().c_str());
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}

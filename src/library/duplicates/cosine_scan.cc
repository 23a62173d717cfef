#include "src/library/duplicates/cosine_scan.h"

#include <algorithm>
#include <cmath>
#include <new>
#include <string>

#include "src/base/checked.h"
#include "src/base/float16.h"
#include "src/library/duplicates/cosine_kernels.h"

namespace peel::library {
namespace {

bool Better(const CosineMatch& a, const CosineMatch& b) {
  return a.cosine > b.cosine || (a.cosine == b.cosine && a.row < b.row);
}

// The best of a stretch of rows. A heap with the worst on top, which the next has to beat.
class Best {
 public:
  explicit Best(size_t limit) : limit_(limit) {}
  void Offer(const CosineMatch& match) {
    if (heap_.size() == limit_) {
      if (!Better(match, heap_.front())) return;
      std::pop_heap(heap_.begin(), heap_.end(), Better);
      heap_.pop_back();
    }
    heap_.push_back(match);
    std::push_heap(heap_.begin(), heap_.end(), Better);
  }
  const std::vector<CosineMatch>& matches() const { return heap_; }

 private:
  size_t limit_;
  std::vector<CosineMatch> heap_;
};

}  // namespace

std::vector<uint16_t> ToHalfRow(std::span<const float> embedding) {
  double squares = 0;
  for (const float v : embedding) squares += double{v} * v;
  const double scale = squares > 0 && std::isfinite(squares) ? 1 / std::sqrt(squares) : 0;
  std::vector<uint16_t> row;
  row.reserve(embedding.size());
  for (const float v : embedding) row.push_back(FloatToHalf(static_cast<float>(v * scale)));
  return row;
}

std::vector<float> FromHalfRow(std::span<const uint16_t> row) {
  std::vector<float> embedding;
  embedding.reserve(row.size());
  for (const uint16_t half : row) embedding.push_back(HalfToFloat(half));
  return embedding;
}

Result<std::vector<CosineMatch>> CosineScan(const HalfRows& rows, std::span<const float> query,
                                            size_t limit, float least, ThreadPool* pool) {
  if (query.size() != rows.dimensions) {
    return InvalidArgument("a picture's embedding has " + std::to_string(rows.dimensions) +
                           " dimensions here, not " + std::to_string(query.size()) +
                           ": it was made by another model");
  }
  if (limit == 0 || rows.count == 0) return std::vector<CosineMatch>();
  constexpr size_t kAtOnce = 4096;  // rows of an index of the loop
  const auto stretches = static_cast<size_t>(
      DivideUp(static_cast<int64_t>(rows.count), static_cast<int64_t>(kAtOnce)));
  try {
    std::vector<Best> best(pool != nullptr ? static_cast<size_t>(pool->size()) : 1, Best(limit));
    const auto scan = [&](int64_t index, int worker) {
      constexpr size_t kScores = 256;
      float scores[kScores];
      const size_t begin = static_cast<size_t>(index) * kAtOnce;
      const size_t end = std::min(begin + kAtOnce, rows.count);
      for (size_t first = begin; first < end; first += kScores) {
        const size_t count = std::min(kScores, end - first);
        HalfDotProducts(query.data(), rows.row(first), count, rows.dimensions, scores);
        for (size_t i = 0; i < count; ++i) {
          if (scores[i] >= least) {
            best[static_cast<size_t>(worker)].Offer({first + i, scores[i]});
          }
        }
      }
    };
    if (pool != nullptr) {
      pool->ParallelFor(static_cast<int64_t>(stretches), scan);
    } else {
      for (size_t i = 0; i < stretches; ++i) scan(static_cast<int64_t>(i), 0);
    }
    std::vector<CosineMatch> matches;
    for (const Best& part : best) {
      matches.insert(matches.end(), part.matches().begin(), part.matches().end());
    }
    std::sort(matches.begin(), matches.end(), Better);
    if (matches.size() > limit) matches.resize(limit);
    return matches;
  } catch (const std::bad_alloc&) {
    return OutOfMemory("no memory for the " + std::to_string(limit) + " nearest pictures");
  }
}

}  // namespace peel::library

#include "src/library/duplicates/embedding_index.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <new>
#include <numeric>
#include <string>

#include "src/library/duplicates/cosine_kernels.h"

namespace peel::library {
namespace {

constexpr size_t kMostLists = 2048;
constexpr size_t kSampleOfList = 48;  // rows a list that k-means sees
constexpr int kRounds = 6;

template <typename F>
void ForEach(size_t count, ThreadPool* pool, const F& body) {
  if (pool == nullptr) {
    for (size_t i = 0; i < count; ++i) body(i);
    return;
  }
  pool->ParallelFor(static_cast<int64_t>(count),
                    [&](int64_t i, int) { body(static_cast<size_t>(i)); });
}

size_t Nearest(std::span<const float> query, const HalfRows& centres, std::vector<float>* scores) {
  scores->resize(centres.count);
  HalfDotProducts(query.data(), centres.data, centres.count, centres.dimensions, scores->data());
  return static_cast<size_t>(std::max_element(scores->begin(), scores->end()) - scores->begin());
}

// For the rows named: the centre nearest to each.
std::vector<uint32_t> Assign(const HalfRows& rows, std::span<const uint32_t> which,
                             const HalfRows& centres, ThreadPool* pool) {
  std::vector<uint32_t> nearest(which.size());
  constexpr size_t kAtOnce = 64;
  ForEach((which.size() + kAtOnce - 1) / kAtOnce, pool, [&](size_t part) {
    std::vector<float> scores;
    const size_t end = std::min(which.size(), (part + 1) * kAtOnce);
    for (size_t i = part * kAtOnce; i < end; ++i) {
      const std::vector<float> query = FromHalfRow({rows.row(which[i]), rows.dimensions});
      nearest[i] = static_cast<uint32_t>(Nearest(query, centres, &scores));
    }
  });
  return nearest;
}

// Spherical k-means over rows spread evenly through all of them; a centre that nobody is near to
// stays where it is.
std::vector<uint16_t> FindCentres(const HalfRows& rows, size_t lists, ThreadPool* pool) {
  const size_t dimensions = rows.dimensions;
  const size_t sample = std::min(rows.count, lists * kSampleOfList);
  std::vector<uint32_t> which(sample);
  for (size_t i = 0; i < sample; ++i) which[i] = static_cast<uint32_t>(i * rows.count / sample);
  std::vector<uint16_t> centres;
  for (size_t c = 0; c < lists; ++c) {
    const uint16_t* row = rows.row(which[c * sample / lists]);
    centres.insert(centres.end(), row, row + dimensions);
  }
  for (int round = 0; round < kRounds; ++round) {
    const std::vector<uint32_t> nearest =
        Assign(rows, which, {centres.data(), lists, dimensions}, pool);
    std::vector<float> sums(lists * dimensions, 0.0f);
    for (size_t i = 0; i < sample; ++i) {
      const std::vector<float> row = FromHalfRow({rows.row(which[i]), dimensions});
      float* sum = sums.data() + nearest[i] * dimensions;
      for (size_t d = 0; d < dimensions; ++d) sum[d] += row[d];
    }
    for (size_t c = 0; c < lists; ++c) {
      const std::span<const float> sum(sums.data() + c * dimensions, dimensions);
      if (std::all_of(sum.begin(), sum.end(), [](float v) { return v == 0; })) continue;
      const std::vector<uint16_t> centre = ToHalfRow(sum);
      std::copy(centre.begin(), centre.end(),
                centres.begin() + static_cast<ptrdiff_t>(c * dimensions));
    }
  }
  return centres;
}

}  // namespace

Result<EmbeddingIndex> EmbeddingIndex::Build(const HalfRows& rows, ThreadPool* pool) {
  if (rows.count >= std::numeric_limits<uint32_t>::max()) {
    return LimitExceeded("an index of embeddings has room for 4294967294 of them");
  }
  EmbeddingIndex index;
  index.rows_ = rows;
  if (rows.count == 0 || rows.dimensions == 0) return index;
  try {
    index.members_.resize(rows.count);
    std::iota(index.members_.begin(), index.members_.end(), uint32_t{0});
    if (rows.count <= kExactRows) {
      index.begins_ = {0, rows.count};
      return index;
    }
    const auto root = static_cast<size_t>(std::sqrt(static_cast<double>(rows.count)));
    const size_t lists = std::min(root, kMostLists);
    index.centres_ = FindCentres(rows, lists, pool);
    const std::vector<uint32_t> nearest =
        Assign(rows, index.members_, {index.centres_.data(), lists, rows.dimensions}, pool);
    index.begins_.assign(lists + 1, 0);
    for (const uint32_t list : nearest) ++index.begins_[list + 1];
    std::partial_sum(index.begins_.begin(), index.begins_.end(), index.begins_.begin());
    std::vector<size_t> next(index.begins_.begin(), index.begins_.end() - 1);
    for (size_t row = 0; row < rows.count; ++row) {
      index.members_[next[nearest[row]]++] = static_cast<uint32_t>(row);
    }
    return index;
  } catch (const std::bad_alloc&) {
    return OutOfMemory("no memory for an index of " + std::to_string(rows.count) + " embeddings");
  }
}

void EmbeddingIndex::Search(std::span<const float> query, float least,
                            std::vector<CosineMatch>* matches, size_t probes) const {
  if (begins_.empty() || query.size() != rows_.dimensions) return;
  std::vector<size_t> nearest = {0};
  if (lists() > 1) {
    std::vector<float> scores;
    Nearest(query, {centres_.data(), lists(), rows_.dimensions}, &scores);
    nearest.resize(lists());
    std::iota(nearest.begin(), nearest.end(), size_t{0});
    const size_t wanted = std::clamp<size_t>(probes, 1, lists());
    std::partial_sort(nearest.begin(), nearest.begin() + static_cast<ptrdiff_t>(wanted),
                      nearest.end(), [&](size_t a, size_t b) {
                        return scores[a] > scores[b] || (scores[a] == scores[b] && a < b);
                      });
    nearest.resize(wanted);
  }
  const size_t first = matches->size();
  for (const size_t list : nearest) {
    for (size_t i = begins_[list]; i < begins_[list + 1]; ++i) {
      float cosine = 0;
      HalfDotProducts(query.data(), rows_.row(members_[i]), 1, rows_.dimensions, &cosine);
      if (cosine >= least) matches->push_back({members_[i], cosine});
    }
  }
  std::sort(matches->begin() + static_cast<ptrdiff_t>(first), matches->end(),
            [](const CosineMatch& a, const CosineMatch& b) { return a.row < b.row; });
}

}  // namespace peel::library

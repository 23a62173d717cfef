#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "src/base/status.h"
#include "src/base/thread_pool.h"

namespace peel::library {

// Embeddings of pictures in half precision (IEEE 754 binary16, as bits), one after another;
// borrowed. Each has length 1, so that inner products are cosines.
struct HalfRows {
  const uint16_t* data = nullptr;
  size_t count = 0;
  size_t dimensions = 0;
  const uint16_t* row(size_t i) const { return data + i * dimensions; }
};

// An embedding as a row of binary16 numbers, scaled to length 1 first (one of zeros stays as it
// is); and back.
std::vector<uint16_t> ToHalfRow(std::span<const float> embedding);
std::vector<float> FromHalfRow(std::span<const uint16_t> row);

struct CosineMatch {
  size_t row;
  float cosine;
};

// The `limit` rows with the highest cosine of at least `least`, highest first, of equal ones the
// first row first. Looks at every row (the bus is the limit: 0.1 s for a million rows of 512 on two
// cores). The same on every processor and for every pool. kInvalidArgument where the query has not
// the rows' dimensions; kOutOfMemory.
Result<std::vector<CosineMatch>> CosineScan(const HalfRows& rows, std::span<const float> query,
                                            size_t limit, float least, ThreadPool* pool = nullptr);

}  // namespace peel::library

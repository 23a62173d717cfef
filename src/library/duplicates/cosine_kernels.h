#pragma once

#include <cstddef>
#include <cstdint>

namespace peel::library {

// Scores of rows of half-precision numbers, as bits, against a query: scores[i] is the inner
// product of query[0 … dimensions) and rows[i * dimensions …). 32 partial sums, place k into sum k
// % 32, products rounded before they are added, then the sums pair by pair: the same bits on every
// processor.
void HalfDotProducts(const float* query, const uint16_t* rows, size_t count, size_t dimensions,
                     float* scores);

}  // namespace peel::library

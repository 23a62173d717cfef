#pragma once

#include <algorithm>
#include <cstdint>

#include "src/base/checked.h"
#include "src/base/function_ref.h"
#include "src/base/thread_pool.h"

namespace peel {

// body(first, last, worker) for bands of rows that together make [0, rows), on the pool where there
// is one. Bands do not depend on the pool, so neither do results.
inline void ForRowBands(int rows, ThreadPool* pool,
                        FunctionRef<void(int first, int last, int worker)> body,
                        int rows_at_once = 16) {
  const int64_t bands = DivideUp(rows, rows_at_once);
  const auto band = [&](int64_t b, int worker) {
    const int first = static_cast<int>(b) * rows_at_once;
    body(first, std::min(first + rows_at_once, rows), worker);
  };
  if (pool != nullptr) {
    pool->ParallelFor(bands, band);
  } else {
    for (int64_t b = 0; b < bands; ++b) band(b, 0);
  }
}

inline int Workers(const ThreadPool* pool) { return pool != nullptr ? pool->size() : 1; }

}  // namespace peel

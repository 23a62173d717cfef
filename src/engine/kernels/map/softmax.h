#pragma once

#include <cstdint>

#include "src/base/thread_pool.h"

namespace peel::engine {

// Softmax (or its logarithm) over the middle axis of a dense plain [outer][axis][inner] array, with
// the largest value subtracted first. input may be output.
struct SoftmaxProblem {
  int64_t outer = 1, axis = 1, inner = 1;
  bool log = false;
};
void RunSoftmax(const SoftmaxProblem& problem, const float* input, float* output, ThreadPool& pool);

}  // namespace peel::engine

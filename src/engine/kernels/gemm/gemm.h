#pragma once

#include <cstddef>
#include <cstdint>

#include "src/base/thread_pool.h"
#include "src/engine/kernels/epilogue.h"
#include "src/engine/kernels/layout.h"

namespace peel::engine {

// C[m][n] = activation(alpha * A[m][k] * B[k][n] + bias[n]), plain row-major float, with B packed
// once: Gemm and MatMul with a constant second operand. The packed form depends on the CPU target
// in use (src/base/cpu.h).
struct GemmProblem {
  int64_t m = 1, n = 1, k = 1;
  bool transpose_a = false;  // A is [k][m]
  bool transpose_b = false;  // B is [n][k]
  float alpha = 1;
  Epilogue epilogue;  // residual: + residual[m][n]
};

// Bytes of the packed operand; of RunGemm's scratch, below.
size_t GemmPackedBytes(const GemmProblem& problem);
// bias [n] or null.
void PackGemm(const GemmProblem& problem, const float* b, const float* bias, void* packed);
size_t GemmScratchBytes(const GemmProblem& problem, int threads);
// a_stride, c_stride: floats from row to row. residual is dense [m][n] or null.
void RunGemm(const GemmProblem& problem, const float* a, int64_t a_stride, const void* packed,
             const float* residual, float* c, int64_t c_stride, void* scratch, ThreadPool& pool);

}  // namespace peel::engine

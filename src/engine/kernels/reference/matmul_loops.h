#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "src/engine/kernels/reference/op_helpers.h"
#include "src/engine/kernels/reference/strided_loop.h"

namespace peel::engine::reference {

// c[rows][columns] = a[rows][depth] b[depth][columns], all dense. Rows of b stream through, so the
// inner loop is contiguous.
template <typename T>
void MultiplyDense(const T* a, const T* b, T* c, int64_t rows, int64_t depth, int64_t columns) {
  for (int64_t r = 0; r < rows; ++r) {
    T* out = c + r * columns;
    std::fill_n(out, columns, T{0});
    for (int64_t k = 0; k < depth; ++k) {
      const T weight = a[r * depth + k];
      const T* in = b + k * columns;
      for (int64_t i = 0; i < columns; ++i) out[i] += weight * in[i];
    }
  }
}

// numpy's matmul: vectors gain an axis of 1, leading axes broadcast.
struct MatMulPlan {
  int64_t rows, depth, columns;
  Shape batch;                                // broadcast leading extents
  std::vector<int64_t> a_strides, b_strides;  // over them, in matrices
};
inline Result<MatMulPlan> PlanMatMul(const Shape& a, const Shape& b, int64_t out_elements) {
  if (a.empty() || b.empty()) return InvalidArgument("a scalar cannot be multiplied as a matrix");
  MatMulPlan plan;
  plan.rows = a.size() == 1 ? 1 : a[a.size() - 2];
  plan.depth = a.back();
  plan.columns = b.size() == 1 ? 1 : b.back();
  if ((b.size() == 1 ? b[0] : b[b.size() - 2]) != plan.depth) {
    return InvalidArgument("matrices of shapes " + ShapeString(a) + " and " + ShapeString(b) +
                           " do not fit");
  }
  const Shape a_batch(a.begin(), a.size() > 2 ? a.end() - 2 : a.begin());
  const Shape b_batch(b.begin(), b.size() > 2 ? b.end() - 2 : b.begin());
  plan.batch = a_batch.size() >= b_batch.size() ? a_batch : b_batch;
  const Shape& shorter = a_batch.size() >= b_batch.size() ? b_batch : a_batch;
  for (size_t d = 0; d < shorter.size(); ++d) {
    int64_t& extent = plan.batch[plan.batch.size() - shorter.size() + d];
    if (extent == 1) extent = shorter[d];
  }
  PEEL_ASSIGN_OR_RETURN(plan.a_strides, BroadcastStrides(a_batch, plan.batch));
  PEEL_ASSIGN_OR_RETURN(plan.b_strides, BroadcastStrides(b_batch, plan.batch));
  if (Product(plan.batch, 0, plan.batch.size()) * plan.rows * plan.columns != out_elements) {
    return InvalidArgument("the output does not fit the product of " + ShapeString(a) + " and " +
                           ShapeString(b));
  }
  return plan;
}

template <typename T>
void RunMatMul(const MatMulPlan& plan, const T* a, const T* b, T* c) {
  const StridedLoop<3> loop(plan.batch, {DenseStrides(plan.batch), plan.a_strides, plan.b_strides});
  loop.ForEachRun([&](const std::array<int64_t, 3>& at) {
    for (int64_t i = 0; i < loop.run(); ++i) {
      MultiplyDense(a + (at[1] + i * loop.stride(1)) * plan.rows * plan.depth,
                    b + (at[2] + i * loop.stride(2)) * plan.depth * plan.columns,
                    c + (at[0] + i * loop.stride(0)) * plan.rows * plan.columns, plan.rows,
                    plan.depth, plan.columns);
    }
  });
}

}  // namespace peel::engine::reference

// Products of matrices.
#include <algorithm>

#include "src/engine/graph/schemas/common.h"
#include "src/engine/graph/schemas/matmul_shape.h"

namespace peel::engine::schemas {

Result<Shape> MatMulShape(const Shape& a, const Shape& b) {
  if (a.empty() || b.empty()) return InvalidArgument("a scalar cannot be multiplied as a matrix");
  // A vector becomes a row on the left and a column on the right; the added axis goes again.
  Shape left = a, right = b;
  if (a.size() == 1) left.insert(left.begin(), 1);
  if (b.size() == 1) right.push_back(1);
  if (left.back() != right[right.size() - 2]) {
    return InvalidArgument("the matrices " + ShapeString(a) + " and " + ShapeString(b) +
                           " do not fit each other");
  }
  PEEL_ASSIGN_OR_RETURN(Shape out, Broadcast(Shape(left.begin(), left.end() - 2),
                                             Shape(right.begin(), right.end() - 2)));
  if (a.size() > 1) out.push_back(left[left.size() - 2]);
  if (b.size() > 1) out.push_back(right.back());
  return out;
}

namespace {

Status MatMul(InferContext& ctx) {
  PEEL_RETURN_IF_ERROR(NeedType(ctx, 0, kNumbers));
  PEEL_RETURN_IF_ERROR(NeedSameType(ctx, 1, 0));
  PEEL_ASSIGN_OR_RETURN(Shape shape, MatMulShape(ctx.InputShape(0), ctx.InputShape(1)));
  return ctx.SetOutput(0, ctx.InputType(0), std::move(shape));
}

Status Gemm(InferContext& ctx) {
  PEEL_RETURN_IF_ERROR(NeedType(ctx, 0, kNumbers));
  PEEL_RETURN_IF_ERROR(NeedSameType(ctx, 1, 0));
  PEEL_RETURN_IF_ERROR(NeedRank(ctx, 0, 2));
  PEEL_RETURN_IF_ERROR(NeedRank(ctx, 1, 2));
  Shape a = ctx.InputShape(0), b = ctx.InputShape(1);
  if (ctx.node().Int("transA", 0) != 0) std::swap(a[0], a[1]);
  if (ctx.node().Int("transB", 0) != 0) std::swap(b[0], b[1]);
  if (a[1] != b[0]) {
    return InvalidArgument("the matrices " + ShapeString(a) + " and " + ShapeString(b) +
                           " do not fit each other");
  }
  const Shape out = {a[0], b[1]};
  if (ctx.HasInput(2)) {
    PEEL_RETURN_IF_ERROR(NeedSameType(ctx, 2, 0));
    if (!BroadcastsTo(ctx.InputShape(2), out)) {
      return InvalidArgument("the addend of " + ShapeString(ctx.InputShape(2)) +
                             " does not fit the product of " + ShapeString(out));
    }
  }
  return ctx.SetOutput(0, ctx.InputType(0), out);
}

constexpr OpSchema kSchemas[] = {
    {"", "Gemm", 7, 3, 3, Gemm},
    {"", "Gemm", 11, 2, 3, Gemm},
    {"", "MatMul", 1, 2, 2, MatMul},
};

}  // namespace

std::span<const OpSchema> MatrixSchemas() { return kSchemas; }

}  // namespace peel::engine::schemas

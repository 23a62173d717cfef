// Pooling over windows and over whole images.
#include "src/engine/graph/schemas/common.h"
#include "src/engine/graph/spatial.h"

namespace peel::engine::schemas {
namespace {

Result<Shape> PoolShape(const InferContext& ctx) {
  PEEL_RETURN_IF_ERROR(NeedRankAtLeast(ctx, 0, 3));
  const Shape& data = ctx.InputShape(0);
  PEEL_ASSIGN_OR_RETURN(const std::vector<int64_t> kernel, NeedInts(ctx, "kernel_shape"));
  PEEL_ASSIGN_OR_RETURN(
      const Window window,
      ResolveWindow(ctx.node(), std::vector<int64_t>(data.begin() + 2, data.end()), kernel));
  Shape out = {data[0], data[1]};
  out.insert(out.end(), window.output.begin(), window.output.end());
  return out;
}

Status MaxPool(InferContext& ctx) {
  PEEL_RETURN_IF_ERROR(NeedType(ctx, 0, kFloats | TypeBits(DataType::kInt8, DataType::kUint8)));
  PEEL_ASSIGN_OR_RETURN(const Shape shape, PoolShape(ctx));
  PEEL_RETURN_IF_ERROR(ctx.SetOutput(0, ctx.InputType(0), shape));
  return ctx.SetOutput(1, DataType::kInt64, shape);
}

Status Pool(InferContext& ctx) {
  PEEL_RETURN_IF_ERROR(NeedType(ctx, 0, kFloats));
  PEEL_ASSIGN_OR_RETURN(Shape shape, PoolShape(ctx));
  return ctx.SetOutput(0, ctx.InputType(0), std::move(shape));
}

Status GlobalPool(InferContext& ctx) {
  PEEL_RETURN_IF_ERROR(NeedType(ctx, 0, kFloats));
  PEEL_RETURN_IF_ERROR(NeedRankAtLeast(ctx, 0, 2));
  Shape shape = ctx.InputShape(0);
  for (size_t i = 2; i < shape.size(); ++i) {
    if (shape[i] == 0) return InvalidArgument("its input has no elements to pool");
    shape[i] = 1;
  }
  return ctx.SetOutput(0, ctx.InputType(0), std::move(shape));
}

constexpr OpSchema kSchemas[] = {
    {"", "AveragePool", 1, 1, 1, Pool},
    {"", "GlobalAveragePool", 1, 1, 1, GlobalPool},
    {"", "GlobalLpPool", 2, 1, 1, GlobalPool},
    {"", "GlobalMaxPool", 1, 1, 1, GlobalPool},
    {"", "LpPool", 2, 1, 1, Pool},
    {"", "MaxPool", 1, 1, 1, MaxPool},
    {"", "MaxPool", 8, 1, 1, MaxPool, 1, 2},
};

}  // namespace

std::span<const OpSchema> PoolSchemas() { return kSchemas; }

}  // namespace peel::engine::schemas

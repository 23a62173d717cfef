// Reading and writing elements by index.
#include "src/engine/graph/schemas/common.h"

namespace peel::engine::schemas {
namespace {

Status Gather(InferContext& ctx) {
  PEEL_RETURN_IF_ERROR(NeedType(ctx, 1, kIndices));
  PEEL_RETURN_IF_ERROR(NeedRankAtLeast(ctx, 0, 1));
  const Shape& data = ctx.InputShape(0);
  const Shape& indices = ctx.InputShape(1);
  PEEL_ASSIGN_OR_RETURN(const int64_t axis,
                        NormalAxis(ctx.node().Int("axis", 0), static_cast<int64_t>(data.size())));
  Shape out(data.begin(), data.begin() + axis);
  out.insert(out.end(), indices.begin(), indices.end());
  out.insert(out.end(), data.begin() + axis + 1, data.end());
  return ctx.SetOutput(0, ctx.InputType(0), std::move(out));
}

// Operand i may reach no further than the data along every axis but the given one.
Status NeedWithin(const InferContext& ctx, int i, int64_t axis) {
  const Shape& data = ctx.InputShape(0);
  const Shape& shape = ctx.InputShape(i);
  bool fits = shape.size() == data.size();
  for (size_t k = 0; fits && k < data.size(); ++k) {
    fits = k == static_cast<size_t>(axis) || shape[k] <= data[k];
  }
  if (fits) return OkStatus();
  return InvalidArgument(InputLabel(i) + " of " + ShapeString(shape) +
                         " does not fit its input of " + ShapeString(data));
}

Status GatherElements(InferContext& ctx) {
  PEEL_RETURN_IF_ERROR(NeedType(ctx, 1, kIndices));
  PEEL_RETURN_IF_ERROR(NeedRankAtLeast(ctx, 0, 1));
  PEEL_ASSIGN_OR_RETURN(
      const int64_t axis,
      NormalAxis(ctx.node().Int("axis", 0), static_cast<int64_t>(ctx.InputShape(0).size())));
  PEEL_RETURN_IF_ERROR(NeedWithin(ctx, 1, axis));
  return ctx.SetOutput(0, ctx.InputType(0), ctx.InputShape(1));
}

// Shape of what indices of the given shape pick out of the data: all but the last extent of the
// indices, then what each index tuple leaves of the data.
Result<Shape> PickedShape(const Shape& data, const Shape& indices, int64_t batch_dims) {
  const int64_t tuple = indices.back();
  if (tuple < 1 || tuple + batch_dims > static_cast<int64_t>(data.size())) {
    return InvalidArgument("indices of " + std::to_string(tuple) + " numbers do not fit " +
                           ShapeString(data));
  }
  Shape out(indices.begin(), indices.end() - 1);
  out.insert(out.end(), data.begin() + batch_dims + tuple, data.end());
  return out;
}

Status GatherNd(InferContext& ctx) {
  PEEL_RETURN_IF_ERROR(NeedType(ctx, 1, TypeBit(DataType::kInt64)));
  PEEL_RETURN_IF_ERROR(NeedRankAtLeast(ctx, 0, 1));
  PEEL_RETURN_IF_ERROR(NeedRankAtLeast(ctx, 1, 1));
  const Shape& data = ctx.InputShape(0);
  const Shape& indices = ctx.InputShape(1);
  const int64_t batch = ctx.node().Int("batch_dims", 0);
  if (batch < 0 || batch >= static_cast<int64_t>(std::min(data.size(), indices.size()))) {
    return Corrupt("attribute 'batch_dims' is " + std::to_string(batch));
  }
  for (size_t i = 0; i < static_cast<size_t>(batch); ++i) {
    if (data[i] != indices[i]) {
      return InvalidArgument("indices of " + ShapeString(indices) + " do not fit " +
                             ShapeString(data));
    }
  }
  PEEL_ASSIGN_OR_RETURN(Shape out, PickedShape(data, indices, batch));
  return ctx.SetOutput(0, ctx.InputType(0), std::move(out));
}

Status CheckReduction(const InferContext& ctx) {
  const std::string reduction = ctx.node().String("reduction", "none");
  for (const char* known : {"none", "add", "mul", "min", "max"}) {
    if (reduction == known) return OkStatus();
  }
  return Corrupt("attribute 'reduction' is '" + reduction + "'");
}

Status ScatterElements(InferContext& ctx) {
  PEEL_RETURN_IF_ERROR(NeedType(ctx, 1, kIndices));
  PEEL_RETURN_IF_ERROR(NeedSameType(ctx, 2, 0));
  PEEL_RETURN_IF_ERROR(NeedRankAtLeast(ctx, 0, 1));
  PEEL_RETURN_IF_ERROR(CheckReduction(ctx));
  PEEL_ASSIGN_OR_RETURN(
      const int64_t axis,
      NormalAxis(ctx.node().Int("axis", 0), static_cast<int64_t>(ctx.InputShape(0).size())));
  PEEL_RETURN_IF_ERROR(NeedWithin(ctx, 1, axis));
  PEEL_RETURN_IF_ERROR(NeedShape(ctx, 2, ctx.InputShape(1)));
  return LikeInput(ctx);
}

Status ScatterNd(InferContext& ctx) {
  PEEL_RETURN_IF_ERROR(NeedType(ctx, 1, TypeBit(DataType::kInt64)));
  PEEL_RETURN_IF_ERROR(NeedSameType(ctx, 2, 0));
  PEEL_RETURN_IF_ERROR(NeedRankAtLeast(ctx, 0, 1));
  PEEL_RETURN_IF_ERROR(NeedRankAtLeast(ctx, 1, 1));
  PEEL_RETURN_IF_ERROR(CheckReduction(ctx));
  PEEL_ASSIGN_OR_RETURN(const Shape updates, PickedShape(ctx.InputShape(0), ctx.InputShape(1), 0));
  PEEL_RETURN_IF_ERROR(NeedShape(ctx, 2, updates));
  return LikeInput(ctx);
}

constexpr OpSchema kSchemas[] = {
    {"", "Gather", 1, 2, 2, Gather},
    {"", "GatherElements", 11, 2, 2, GatherElements},
    {"", "GatherND", 11, 2, 2, GatherNd},
    {"", "Scatter", 9, 3, 3, ScatterElements},
    {"", "ScatterElements", 11, 3, 3, ScatterElements},
    {"", "ScatterND", 11, 3, 3, ScatterNd},
};

}  // namespace

std::span<const OpSchema> GatherSchemas() { return kSchemas; }

}  // namespace peel::engine::schemas

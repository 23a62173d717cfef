// Operators that make tensors out of numbers.
#include <cmath>

#include "src/engine/graph/constant.h"
#include "src/engine/graph/schemas/common.h"

namespace peel::engine::schemas {
namespace {

Status Constant(InferContext& ctx) {
  PEEL_ASSIGN_OR_RETURN(const Tensor value, ConstantOf(ctx.node()));
  return ctx.SetOutput(0, value.type(), value.shape());
}

Status ConstantOfShape(InferContext& ctx) {
  PEEL_ASSIGN_OR_RETURN(Shape shape, ConstantInts(ctx, 0));
  for (const int64_t extent : shape) {
    if (extent < 0) return Corrupt("asks for the extent " + std::to_string(extent));
  }
  DataType type = DataType::kFloat32;
  if (const Tensor* value = ctx.node().TensorAttribute("value")) {
    if (value->elements() != 1) return Corrupt("attribute 'value' is not one number");
    type = value->type();
  }
  return ctx.SetOutput(0, type, std::move(shape));
}

// Number of elements from start to limit; both whole numbers or all three real.
Result<int64_t> RangeCount(const Tensor& start, const Tensor& limit, const Tensor& delta) {
  if (TypeBit(start.type()) & kFloats) {
    // Doubles exactly, halves through floats.
    const auto number = [](const Tensor& t) -> Result<double> {
      if (t.type() == DataType::kFloat64) return *t.data<double>();
      PEEL_ASSIGN_OR_RETURN(const std::vector<float> values, t.AsFloats());
      return static_cast<double>(values[0]);
    };
    PEEL_ASSIGN_OR_RETURN(const double a, number(start));
    PEEL_ASSIGN_OR_RETURN(const double b, number(limit));
    PEEL_ASSIGN_OR_RETURN(const double step, number(delta));
    const double count = std::ceil((b - a) / step);
    if (step == 0 || !std::isfinite(count)) return Corrupt("a range without an end");
    if (count > static_cast<double>(kMaxTensorElements)) {
      return LimitExceeded("a range of too many numbers");
    }
    return count > 0 ? static_cast<int64_t>(count) : 0;
  }
  PEEL_ASSIGN_OR_RETURN(const std::vector<int64_t> as, start.AsInt64s());
  PEEL_ASSIGN_OR_RETURN(const std::vector<int64_t> bs, limit.AsInt64s());
  PEEL_ASSIGN_OR_RETURN(const std::vector<int64_t> steps, delta.AsInt64s());
  if (steps[0] == 0) return Corrupt("a range without an end");
  int64_t distance;
  if (__builtin_sub_overflow(bs[0], as[0], &distance) || distance == INT64_MIN ||
      steps[0] == INT64_MIN) {
    return LimitExceeded("a range of too many numbers");
  }
  if (distance == 0 || (distance > 0) != (steps[0] > 0)) return 0;
  const int64_t span = std::abs(distance), step = std::abs(steps[0]);
  return (span - 1) / step + 1;
}

Status Range(InferContext& ctx) {
  PEEL_RETURN_IF_ERROR(NeedType(ctx, 0, kNumbers));
  Tensor operands[3];
  for (int i = 0; i < 3; ++i) {
    PEEL_RETURN_IF_ERROR(NeedSameType(ctx, i, 0));
    PEEL_RETURN_IF_ERROR(NeedOneElement(ctx, i));
    PEEL_ASSIGN_OR_RETURN(operands[i], ctx.ConstantInput(i));
  }
  PEEL_ASSIGN_OR_RETURN(const int64_t count, RangeCount(operands[0], operands[1], operands[2]));
  return ctx.SetOutput(0, ctx.InputType(0), {count});
}

Status EyeLike(InferContext& ctx) {
  PEEL_RETURN_IF_ERROR(NeedRank(ctx, 0, 2));
  DataType type = ctx.InputType(0);
  if (ctx.node().HasAttribute("dtype")) {
    const int64_t number = ctx.node().Int("dtype", 0);
    type = static_cast<DataType>(number);
    if (number < 0 || number > 31 || DataTypeSize(type) == 0) {
      return Unsupported("element type number " + std::to_string(number) + " is not supported");
    }
  }
  return ctx.SetOutput(0, type, ctx.InputShape(0));
}

// Inputs indices, depth, values (off, on).
Status OneHot(InferContext& ctx) {
  PEEL_RETURN_IF_ERROR(NeedType(ctx, 0, kNumbers));
  PEEL_RETURN_IF_ERROR(NeedType(ctx, 1, kNumbers));
  PEEL_RETURN_IF_ERROR(NeedOneElement(ctx, 1));
  PEEL_RETURN_IF_ERROR(NeedShape(ctx, 2, {2}));
  PEEL_ASSIGN_OR_RETURN(const Tensor tensor, ctx.ConstantInput(1));
  int64_t depth;
  if (TypeBit(tensor.type()) & kFloats) {
    PEEL_ASSIGN_OR_RETURN(const std::vector<float> values, tensor.AsFloats());
    if (!(values[0] >= 0) || values[0] > 1e9f) return Corrupt("its depth is absurd");
    depth = static_cast<int64_t>(values[0]);
  } else {
    PEEL_ASSIGN_OR_RETURN(const std::vector<int64_t> values, tensor.AsInt64s());
    depth = values[0];
  }
  if (depth < 0) return Corrupt("its depth is " + std::to_string(depth));
  Shape out = ctx.InputShape(0);
  PEEL_ASSIGN_OR_RETURN(const int64_t axis, NormalAxis(ctx.node().Int("axis", -1),
                                                       static_cast<int64_t>(out.size()) + 1));
  out.insert(out.begin() + axis, depth);
  return ctx.SetOutput(0, ctx.InputType(2), std::move(out));
}

constexpr OpSchema kSchemas[] = {
    {"", "Constant", 1, 0, 0, Constant},
    {"", "ConstantOfShape", 9, 1, 1, ConstantOfShape, 1, 1, 1u << 0},
    {"", "EyeLike", 9, 1, 1, EyeLike},
    {"", "OneHot", 9, 3, 3, OneHot, 1, 1, 1u << 1},
    {"", "Range", 11, 3, 3, Range, 1, 1, 1u << 0 | 1u << 1 | 1u << 2},
};

}  // namespace

std::span<const OpSchema> GenerateSchemas() { return kSchemas; }

}  // namespace peel::engine::schemas

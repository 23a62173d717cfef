// Operators that broadcast several operands against each other.
#include "src/engine/graph/schemas/common.h"

namespace peel::engine::schemas {
namespace {

Result<Shape> BroadcastAll(const InferContext& ctx, int first) {
  Shape shape = ctx.InputShape(first);
  for (int i = first + 1; i < ctx.input_count(); ++i) {
    if (!ctx.HasInput(i)) continue;
    PEEL_ASSIGN_OR_RETURN(shape, Broadcast(shape, ctx.InputShape(i)));
  }
  return shape;
}

// Operands of one type; the result has it too. Any number of operands.
template <Types types>
Status Arithmetic(InferContext& ctx) {
  PEEL_RETURN_IF_ERROR(NeedType(ctx, 0, types));
  for (int i = 1; i < ctx.input_count(); ++i) {
    PEEL_RETURN_IF_ERROR(NeedSameType(ctx, i, 0));
  }
  PEEL_ASSIGN_OR_RETURN(Shape shape, BroadcastAll(ctx, 0));
  return ctx.SetOutput(0, ctx.InputType(0), std::move(shape));
}

template <Types types>
Status Compare(InferContext& ctx) {
  PEEL_RETURN_IF_ERROR(NeedType(ctx, 0, types));
  PEEL_RETURN_IF_ERROR(NeedSameType(ctx, 1, 0));
  PEEL_ASSIGN_OR_RETURN(Shape shape, BroadcastAll(ctx, 0));
  return ctx.SetOutput(0, DataType::kBool, std::move(shape));
}

// The exponent has a type of its own since opset 12.
Status Pow(InferContext& ctx) {
  PEEL_RETURN_IF_ERROR(NeedType(ctx, 0, kNumbers));
  PEEL_RETURN_IF_ERROR(NeedType(ctx, 1, kNumbers));
  PEEL_ASSIGN_OR_RETURN(Shape shape, BroadcastAll(ctx, 0));
  return ctx.SetOutput(0, ctx.InputType(0), std::move(shape));
}

Status BitShift(InferContext& ctx) {
  const std::string direction = ctx.node().String("direction", "");
  if (direction != "LEFT" && direction != "RIGHT") {
    return Corrupt("attribute 'direction' is '" + direction + "'");
  }
  return Arithmetic<kInts>(ctx);
}

Status Where(InferContext& ctx) {
  PEEL_RETURN_IF_ERROR(NeedType(ctx, 0, kBools));
  PEEL_RETURN_IF_ERROR(NeedType(ctx, 1, kAny));
  PEEL_RETURN_IF_ERROR(NeedSameType(ctx, 2, 1));
  PEEL_ASSIGN_OR_RETURN(Shape shape, BroadcastAll(ctx, 0));
  return ctx.SetOutput(0, ctx.InputType(1), std::move(shape));
}

constexpr OpSchema kSchemas[] = {
    {"", "Add", 7, 2, 2, Arithmetic<kNumbers>},
    {"", "And", 7, 2, 2, Arithmetic<kBools>},
    {"", "BitShift", 11, 2, 2, BitShift},
    {"", "BitwiseAnd", 18, 2, 2, Arithmetic<kInts>},
    {"", "BitwiseOr", 18, 2, 2, Arithmetic<kInts>},
    {"", "BitwiseXor", 18, 2, 2, Arithmetic<kInts>},
    {"", "Div", 7, 2, 2, Arithmetic<kNumbers>},
    {"", "Equal", 7, 2, 2, Compare<kAny>},
    {"", "Greater", 7, 2, 2, Compare<kNumbers>},
    {"", "GreaterOrEqual", 12, 2, 2, Compare<kNumbers>},
    {"", "Less", 7, 2, 2, Compare<kNumbers>},
    {"", "LessOrEqual", 12, 2, 2, Compare<kNumbers>},
    {"", "Max", 6, 1, -1, Arithmetic<kNumbers>},
    {"", "Mean", 6, 1, -1, Arithmetic<kFloats>},
    {"", "Min", 6, 1, -1, Arithmetic<kNumbers>},
    {"", "Mod", 10, 2, 2, Arithmetic<kNumbers>},
    {"", "Mul", 7, 2, 2, Arithmetic<kNumbers>},
    {"", "Or", 7, 2, 2, Arithmetic<kBools>},
    {"", "Pow", 7, 2, 2, Pow},
    {"", "Sub", 7, 2, 2, Arithmetic<kNumbers>},
    {"", "Sum", 6, 1, -1, Arithmetic<kFloats>},
    {"", "Where", 9, 3, 3, Where},
    {"", "Xor", 7, 2, 2, Arithmetic<kBools>},
};

}  // namespace

std::span<const OpSchema> BinarySchemas() { return kSchemas; }

}  // namespace peel::engine::schemas

// Operators whose result has the shape of their first operand.
#include "src/engine/graph/schemas/common.h"

namespace peel::engine::schemas {
namespace {

template <Types types>
Status Unary(InferContext& ctx) {
  PEEL_RETURN_IF_ERROR(NeedType(ctx, 0, types));
  return LikeInput(ctx);
}

// IsNaN, IsInf.
Status Classify(InferContext& ctx) {
  PEEL_RETURN_IF_ERROR(NeedType(ctx, 0, kFloats));
  return ctx.SetOutput(0, DataType::kBool, ctx.InputShape(0));
}

// Since opset 11 the bounds are operands.
Status Clip(InferContext& ctx) {
  PEEL_RETURN_IF_ERROR(NeedType(ctx, 0, kNumbers));
  for (int i = 1; i <= 2; ++i) {
    if (!ctx.HasInput(i)) continue;
    PEEL_RETURN_IF_ERROR(NeedSameType(ctx, i, 0));
    PEEL_RETURN_IF_ERROR(NeedOneElement(ctx, i));
  }
  return LikeInput(ctx);
}

// At inference Dropout is Identity and its mask lets everything through.
Status Dropout(InferContext& ctx) {
  PEEL_RETURN_IF_ERROR(NeedType(ctx, 0, kFloats));
  if (ctx.HasInput(1)) {
    PEEL_RETURN_IF_ERROR(NeedType(ctx, 1, kFloats));
    PEEL_RETURN_IF_ERROR(NeedOneElement(ctx, 1));
  }
  if (ctx.HasInput(2)) {
    PEEL_RETURN_IF_ERROR(NeedType(ctx, 2, kBools));
    PEEL_ASSIGN_OR_RETURN(const int64_t training, [&]() -> Result<int64_t> {
      PEEL_RETURN_IF_ERROR(NeedOneElement(ctx, 2));
      PEEL_ASSIGN_OR_RETURN(const Tensor mode, ctx.ConstantInput(2));
      PEEL_ASSIGN_OR_RETURN(const std::vector<int64_t> values, mode.AsInt64s());
      return values[0];
    }());
    if (training != 0) return Unsupported("training is not supported");
  }
  PEEL_RETURN_IF_ERROR(LikeInput(ctx));
  return ctx.SetOutput(1, ctx.opset() >= 10 ? DataType::kBool : ctx.InputType(0),
                       ctx.InputShape(0));
}

Result<DataType> TypeOf(int64_t number) {
  const auto type = static_cast<DataType>(number);
  if (number < 0 || number > 31 || DataTypeSize(type) == 0) {
    return Unsupported("element type number " + std::to_string(number) + " is not supported");
  }
  return type;
}

Status Cast(InferContext& ctx) {
  PEEL_RETURN_IF_ERROR(NeedType(ctx, 0, kAny));
  PEEL_ASSIGN_OR_RETURN(const int64_t to, NeedInt(ctx, "to"));
  PEEL_ASSIGN_OR_RETURN(const DataType type, TypeOf(to));
  return ctx.SetOutput(0, type, ctx.InputShape(0));
}

Status CastLike(InferContext& ctx) {
  PEEL_RETURN_IF_ERROR(NeedType(ctx, 0, kAny));
  return ctx.SetOutput(0, ctx.InputType(1), ctx.InputShape(0));
}

// The same bits under a type of the same width.
Status BitCast(InferContext& ctx) {
  PEEL_RETURN_IF_ERROR(NeedType(ctx, 0, kAny));
  PEEL_ASSIGN_OR_RETURN(const int64_t to, NeedInt(ctx, "to"));
  PEEL_ASSIGN_OR_RETURN(const DataType type, TypeOf(to));
  if (DataTypeSize(type) != DataTypeSize(ctx.InputType(0))) {
    return Corrupt(std::string("attribute 'to' is ") + DataTypeName(type) +
                   ", which is not as wide as " + DataTypeName(ctx.InputType(0)));
  }
  return ctx.SetOutput(0, type, ctx.InputShape(0));
}

// The slope stretches to the data's shape, never the other way round.
Status PRelu(InferContext& ctx) {
  PEEL_RETURN_IF_ERROR(NeedType(ctx, 0, kNumbers));
  PEEL_RETURN_IF_ERROR(NeedSameType(ctx, 1, 0));
  if (!BroadcastsTo(ctx.InputShape(1), ctx.InputShape(0))) {
    return InvalidArgument("the slope of " + ShapeString(ctx.InputShape(1)) +
                           " does not fit its input of " + ShapeString(ctx.InputShape(0)));
  }
  return LikeInput(ctx);
}

Status CumSum(InferContext& ctx) {
  PEEL_RETURN_IF_ERROR(NeedType(ctx, 0, kNumbers));
  PEEL_RETURN_IF_ERROR(NeedRankAtLeast(ctx, 0, 1));
  PEEL_RETURN_IF_ERROR(NeedType(ctx, 1, kIndices));
  PEEL_RETURN_IF_ERROR(NeedOneElement(ctx, 1));
  return LikeInput(ctx);
}

Status Trilu(InferContext& ctx) {
  PEEL_RETURN_IF_ERROR(NeedRankAtLeast(ctx, 0, 2));
  if (ctx.HasInput(1)) {
    PEEL_RETURN_IF_ERROR(NeedType(ctx, 1, TypeBit(DataType::kInt64)));
    PEEL_RETURN_IF_ERROR(NeedOneElement(ctx, 1));
  }
  return LikeInput(ctx);
}

constexpr OpSchema kSchemas[] = {
    {"", "Abs", 6, 1, 1, Unary<kNumbers>},
    {"", "Acos", 7, 1, 1, Unary<kFloats>},
    {"", "Acosh", 9, 1, 1, Unary<kFloats>},
    {"", "Asin", 7, 1, 1, Unary<kFloats>},
    {"", "Asinh", 9, 1, 1, Unary<kFloats>},
    {"", "Atan", 7, 1, 1, Unary<kFloats>},
    {"", "Atanh", 9, 1, 1, Unary<kFloats>},
    {"", "BitwiseNot", 18, 1, 1, Unary<kInts>},
    {"", "BitCast", 26, 1, 1, BitCast},
    {"", "Cast", 6, 1, 1, Cast},
    {"", "CastLike", 15, 2, 2, CastLike},
    {"", "Ceil", 6, 1, 1, Unary<kFloats>},
    {"", "Celu", 12, 1, 1, Unary<kFloats>},
    {"", "Clip", 6, 1, 1, Clip},
    {"", "Clip", 11, 1, 3, Clip},
    {"", "Cos", 7, 1, 1, Unary<kFloats>},
    {"", "Cosh", 9, 1, 1, Unary<kFloats>},
    {"", "CumProd", 26, 2, 2, CumSum},
    {"", "CumSum", 11, 2, 2, CumSum},
    {"", "Dropout", 7, 1, 1, Dropout, 1, 2},
    {"", "Dropout", 12, 1, 3, Dropout, 1, 2, 1u << 2},
    {"", "Elu", 6, 1, 1, Unary<kFloats>},
    {"", "Erf", 9, 1, 1, Unary<kNumbers>},
    {"", "Exp", 6, 1, 1, Unary<kFloats>},
    {"", "Floor", 6, 1, 1, Unary<kFloats>},
    {"", "Gelu", 20, 1, 1, Unary<kFloats>},
    {"", "HardSigmoid", 6, 1, 1, Unary<kFloats>},
    {"", "HardSwish", 14, 1, 1, Unary<kFloats>},
    {"", "Identity", 1, 1, 1, Unary<kAny>},
    {"", "IsInf", 10, 1, 1, Classify},
    {"", "IsNaN", 9, 1, 1, Classify},
    {"", "LeakyRelu", 6, 1, 1, Unary<kFloats>},
    {"", "Log", 6, 1, 1, Unary<kFloats>},
    {"", "Mish", 18, 1, 1, Unary<kFloats>},
    {"", "Neg", 6, 1, 1, Unary<kFloats | kSigned>},
    {"", "Not", 1, 1, 1, Unary<kBools>},
    {"", "PRelu", 7, 2, 2, PRelu},
    {"", "Reciprocal", 6, 1, 1, Unary<kFloats>},
    {"", "Relu", 6, 1, 1, Unary<kFloats | kSigned>},
    {"", "Round", 11, 1, 1, Unary<kFloats>},
    {"", "Selu", 6, 1, 1, Unary<kFloats>},
    {"", "Shrink", 9, 1, 1, Unary<kNumbers>},
    {"", "Sigmoid", 6, 1, 1, Unary<kFloats>},
    {"", "Sign", 9, 1, 1, Unary<kNumbers>},
    {"", "Sin", 7, 1, 1, Unary<kFloats>},
    {"", "Sinh", 9, 1, 1, Unary<kFloats>},
    {"", "Softplus", 1, 1, 1, Unary<kFloats>},
    {"", "Softsign", 1, 1, 1, Unary<kFloats>},
    {"", "Sqrt", 6, 1, 1, Unary<kFloats>},
    {"", "Swish", 24, 1, 1, Unary<kFloats>},
    {"", "Tan", 7, 1, 1, Unary<kFloats>},
    {"", "Tanh", 6, 1, 1, Unary<kFloats>},
    {"", "ThresholdedRelu", 10, 1, 1, Unary<kFloats>},
    {"", "Trilu", 14, 1, 2, Trilu},
};

}  // namespace

std::span<const OpSchema> ElementwiseSchemas() { return kSchemas; }

}  // namespace peel::engine::schemas

// The operators on eight-bit numbers that fuse_quantised makes. All of domain "peel"; their tensors
// are uint8 with one scale and one zero point each, which the nodes know and the tensors do not.
#include "src/engine/graph/schemas/common.h"
#include "src/engine/graph/schemas/conv_shape.h"

namespace peel::engine::schemas {
namespace {

constexpr Types kByte = TypeBit(DataType::kUint8);

Status NeedByteAttributes(const InferContext& ctx, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    const int64_t value = ctx.node().Int(name, 0);
    if (value < 0 || value > 255) {
      return Corrupt(std::string("attribute '") + name + "' is " + std::to_string(value));
    }
  }
  return OkStatus();
}

// Inputs X (uint8), W (int8), multiplier (float32, one a filter), [bias (int32, one a filter)].
// sum = bias + sum of W * (X - x_zero); padding is X = x_zero.
// output_dtype 2 (uint8): clamp(round_half_even(sum * multiplier) + y_zero, low, high)
// output_dtype 1 (float32): activation(sum * multiplier), the activation as peel.Conv's
Status QConv(InferContext& ctx) {
  PEEL_RETURN_IF_ERROR(NeedType(ctx, 0, kByte));
  PEEL_RETURN_IF_ERROR(NeedType(ctx, 1, TypeBit(DataType::kInt8)));
  PEEL_RETURN_IF_ERROR(NeedType(ctx, 2, TypeBit(DataType::kFloat32)));
  PEEL_RETURN_IF_ERROR(NeedByteAttributes(ctx, {"x_zero", "y_zero", "low", "high"}));
  PEEL_ASSIGN_OR_RETURN(Shape shape, ConvShape(ctx, 0, 1));
  PEEL_RETURN_IF_ERROR(NeedShape(ctx, 2, {shape[1]}));
  if (ctx.HasInput(3)) {
    PEEL_RETURN_IF_ERROR(NeedType(ctx, 3, TypeBit(DataType::kInt32)));
    PEEL_RETURN_IF_ERROR(NeedShape(ctx, 3, {shape[1]}));
  }
  const auto type = static_cast<DataType>(ctx.node().Int("output_dtype", 2));
  if (type != DataType::kUint8 && type != DataType::kFloat32) {
    return Corrupt("attribute 'output_dtype' is neither uint8 nor float32");
  }
  return ctx.SetOutput(0, type, std::move(shape));
}

// y = table[x]: every function of one element whose input and output have eight bits.
Status QTable(InferContext& ctx) {
  PEEL_RETURN_IF_ERROR(NeedType(ctx, 0, kByte));
  PEEL_RETURN_IF_ERROR(NeedType(ctx, 1, kByte));
  PEEL_RETURN_IF_ERROR(NeedShape(ctx, 1, {256}));
  return ctx.SetOutput(0, DataType::kUint8, ctx.InputShape(0));
}

// clamp(round_half_even((a - a_zero) * a_scale + (b - b_zero) * b_scale) + y_zero, low, high), the
// scales being those of the operands over the result's.
Status QAdd(InferContext& ctx) {
  PEEL_RETURN_IF_ERROR(NeedType(ctx, 0, kByte));
  PEEL_RETURN_IF_ERROR(NeedType(ctx, 1, kByte));
  PEEL_RETURN_IF_ERROR(NeedByteAttributes(ctx, {"a_zero", "b_zero", "y_zero", "low", "high"}));
  PEEL_RETURN_IF_ERROR(NeedShape(ctx, 1, ctx.InputShape(0)));
  return ctx.SetOutput(0, DataType::kUint8, ctx.InputShape(0));
}

// clamp(round_half_even(mean(x - x_zero) * scale) + y_zero) over all axes from the third on.
Status QGlobalAveragePool(InferContext& ctx) {
  PEEL_RETURN_IF_ERROR(NeedType(ctx, 0, kByte));
  PEEL_RETURN_IF_ERROR(NeedRankAtLeast(ctx, 0, 3));
  PEEL_RETURN_IF_ERROR(NeedByteAttributes(ctx, {"x_zero", "y_zero"}));
  Shape shape = ctx.InputShape(0);
  for (size_t i = 2; i < shape.size(); ++i) {
    if (shape[i] == 0) return InvalidArgument("its input has no elements to pool");
    shape[i] = 1;
  }
  return ctx.SetOutput(0, DataType::kUint8, std::move(shape));
}

constexpr OpSchema kSchemas[] = {
    {"peel", "QAdd", 1, 2, 2, QAdd},
    {"peel", "QConv", 1, 3, 4, QConv},
    {"peel", "QGlobalAveragePool", 1, 1, 1, QGlobalAveragePool},
    {"peel", "QTable", 1, 2, 2, QTable},
};

}  // namespace

std::span<const OpSchema> IntegerSchemas() { return kSchemas; }

}  // namespace peel::engine::schemas

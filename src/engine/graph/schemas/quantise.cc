// Quantised operators.
#include "src/base/checked.h"
#include "src/engine/graph/schemas/common.h"
#include "src/engine/graph/schemas/conv_shape.h"
#include "src/engine/graph/schemas/matmul_shape.h"

namespace peel::engine::schemas {
namespace {

constexpr Types kBytes = TypeBits(DataType::kInt8, DataType::kUint8);
constexpr Types kQuantised = kBytes | TypeBits(DataType::kInt16, DataType::kUint16);

// Scales (and zero points) are one number, or one for each entry of the axis, or one for each block
// of entries of the axis and each position of the others.
Status CheckScale(const InferContext& ctx) {
  const Shape& scale = ctx.InputShape(1);
  const Shape& data = ctx.InputShape(0);
  const int64_t block = ctx.node().Int("block_size", 0);
  if (block < 0) return Corrupt("attribute 'block_size' is " + std::to_string(block));
  if (block > 0) {
    PEEL_ASSIGN_OR_RETURN(const int64_t axis,
                          NormalAxis(ctx.node().Int("axis", 1), static_cast<int64_t>(data.size())));
    Shape blocks = data;
    int64_t& extent = blocks[static_cast<size_t>(axis)];
    extent = DivideUp(extent, block);
    PEEL_RETURN_IF_ERROR(NeedShape(ctx, 1, blocks));
  } else if (scale.size() > 1) {
    return Corrupt("a scale of " + ShapeString(scale) + " without attribute 'block_size'");
  } else if (scale.size() == 1 && scale[0] != 1) {
    PEEL_ASSIGN_OR_RETURN(const int64_t axis,
                          NormalAxis(ctx.node().Int("axis", 1), static_cast<int64_t>(data.size())));
    PEEL_RETURN_IF_ERROR(NeedShape(ctx, 1, {data[static_cast<size_t>(axis)]}));
  }
  if (!ctx.HasInput(2)) return OkStatus();
  // A single number may be written as a scalar here and as a list of one there.
  if (NeedOneElement(ctx, 1).ok()) return NeedOneElement(ctx, 2);
  return NeedShape(ctx, 2, scale);
}

Status QuantizeLinear(InferContext& ctx) {
  PEEL_RETURN_IF_ERROR(NeedType(ctx, 0, kFloats | TypeBit(DataType::kInt32)));
  PEEL_RETURN_IF_ERROR(NeedType(ctx, 1, kFloats | TypeBit(DataType::kInt32)));
  PEEL_RETURN_IF_ERROR(CheckScale(ctx));
  DataType type = DataType::kUint8;
  const int64_t wanted = ctx.node().Int("output_dtype", 0);
  if (wanted != 0) type = static_cast<DataType>(wanted);
  if (ctx.HasInput(2)) {
    type = ctx.InputType(2);
    if (wanted != 0 && static_cast<int64_t>(type) != wanted) {
      return Corrupt("attribute 'output_dtype' contradicts the zero point's type");
    }
  }
  if (wanted < 0 || wanted > 31 || !(TypeBit(type) & kQuantised)) {
    return Unsupported(std::string("quantising to ") + DataTypeName(type) + " is not supported");
  }
  return ctx.SetOutput(0, type, ctx.InputShape(0));
}

Status DequantizeLinear(InferContext& ctx) {
  PEEL_RETURN_IF_ERROR(NeedType(ctx, 0, kQuantised | TypeBit(DataType::kInt32)));
  PEEL_RETURN_IF_ERROR(NeedType(ctx, 1, kFloats));
  if (ctx.HasInput(2)) PEEL_RETURN_IF_ERROR(NeedSameType(ctx, 2, 0));
  PEEL_RETURN_IF_ERROR(CheckScale(ctx));
  DataType type = ctx.InputType(1);
  const int64_t wanted = ctx.node().Int("output_dtype", 0);
  if (wanted != 0) {
    type = static_cast<DataType>(wanted);
    if (wanted < 0 || wanted > 31 || !(TypeBit(type) & kFloats)) {
      return Unsupported("element type number " + std::to_string(wanted) + " is not supported");
    }
  }
  return ctx.SetOutput(0, type, ctx.InputShape(0));
}

Status DynamicQuantizeLinear(InferContext& ctx) {
  PEEL_RETURN_IF_ERROR(NeedType(ctx, 0, TypeBit(DataType::kFloat32)));
  PEEL_RETURN_IF_ERROR(ctx.SetOutput(0, DataType::kUint8, ctx.InputShape(0)));
  PEEL_RETURN_IF_ERROR(ctx.SetOutput(1, DataType::kFloat32, {}));
  return ctx.SetOutput(2, DataType::kUint8, {});
}

// One number, or as many as the tensor has entries along its axis.
Status NeedOneOrEach(const InferContext& ctx, int i, int64_t count) {
  if (NeedOneElement(ctx, i).ok()) return OkStatus();
  return NeedShape(ctx, i, {count});
}

// Inputs x, its scale and zero point, w, its own two, the result's two, [bias].
Status QLinearConv(InferContext& ctx) {
  PEEL_RETURN_IF_ERROR(NeedType(ctx, 0, kBytes));
  PEEL_RETURN_IF_ERROR(NeedType(ctx, 3, kBytes));
  PEEL_RETURN_IF_ERROR(NeedType(ctx, 7, kBytes));
  PEEL_RETURN_IF_ERROR(NeedSameType(ctx, 2, 0));
  PEEL_RETURN_IF_ERROR(NeedSameType(ctx, 5, 3));
  PEEL_ASSIGN_OR_RETURN(Shape shape, ConvShape(ctx, 0, 3));
  for (const int i : {1, 4, 6}) {
    PEEL_RETURN_IF_ERROR(NeedType(ctx, i, TypeBit(DataType::kFloat32)));
  }
  for (const int i : {1, 2, 6, 7}) PEEL_RETURN_IF_ERROR(NeedOneElement(ctx, i));
  for (const int i : {4, 5}) PEEL_RETURN_IF_ERROR(NeedOneOrEach(ctx, i, shape[1]));
  if (ctx.HasInput(8)) {
    PEEL_RETURN_IF_ERROR(NeedType(ctx, 8, TypeBit(DataType::kInt32)));
    PEEL_RETURN_IF_ERROR(NeedShape(ctx, 8, {shape[1]}));
  }
  return ctx.SetOutput(0, ctx.InputType(7), std::move(shape));
}

Status ConvInteger(InferContext& ctx) {
  PEEL_RETURN_IF_ERROR(NeedType(ctx, 0, kBytes));
  PEEL_RETURN_IF_ERROR(NeedType(ctx, 1, kBytes));
  PEEL_ASSIGN_OR_RETURN(Shape shape, ConvShape(ctx, 0, 1));
  if (ctx.HasInput(2)) {
    PEEL_RETURN_IF_ERROR(NeedSameType(ctx, 2, 0));
    PEEL_RETURN_IF_ERROR(NeedOneElement(ctx, 2));
  }
  if (ctx.HasInput(3)) {
    PEEL_RETURN_IF_ERROR(NeedSameType(ctx, 3, 1));
    PEEL_RETURN_IF_ERROR(NeedOneOrEach(ctx, 3, shape[1]));
  }
  return ctx.SetOutput(0, DataType::kInt32, std::move(shape));
}

// The parameter of a matrix operand: one number, or one each row (columns for the right matrix), on
// its own or with the axes kept.
Status NeedMatrixParameter(const InferContext& ctx, int i, int of, bool rows) {
  if (NeedOneElement(ctx, i).ok()) return OkStatus();
  const Shape& matrix = ctx.InputShape(of);
  const Shape& shape = ctx.InputShape(i);
  if (matrix.size() >= 2) {
    const int64_t count = matrix[matrix.size() - (rows ? 2 : 1)];
    Shape kept = matrix;
    kept[kept.size() - (rows ? 1 : 2)] = 1;
    if (shape == kept || shape == Shape{count}) return OkStatus();
  }
  return InvalidArgument(InputLabel(i) + " of " + ShapeString(shape) +
                         " does not fit the matrix of " + ShapeString(matrix));
}

// Inputs a, its scale and zero point, b, its own two, the result's two.
Status QLinearMatMul(InferContext& ctx) {
  PEEL_RETURN_IF_ERROR(NeedType(ctx, 0, kBytes));
  PEEL_RETURN_IF_ERROR(NeedType(ctx, 3, kBytes));
  PEEL_RETURN_IF_ERROR(NeedType(ctx, 7, kBytes));
  PEEL_RETURN_IF_ERROR(NeedSameType(ctx, 2, 0));
  PEEL_RETURN_IF_ERROR(NeedSameType(ctx, 5, 3));
  for (const int i : {1, 4, 6}) PEEL_RETURN_IF_ERROR(NeedType(ctx, i, kFloats));
  for (const int i : {1, 2}) PEEL_RETURN_IF_ERROR(NeedMatrixParameter(ctx, i, 0, true));
  for (const int i : {4, 5}) PEEL_RETURN_IF_ERROR(NeedMatrixParameter(ctx, i, 3, false));
  for (const int i : {6, 7}) PEEL_RETURN_IF_ERROR(NeedOneElement(ctx, i));
  PEEL_ASSIGN_OR_RETURN(Shape shape, MatMulShape(ctx.InputShape(0), ctx.InputShape(3)));
  return ctx.SetOutput(0, ctx.InputType(7), std::move(shape));
}

Status MatMulInteger(InferContext& ctx) {
  PEEL_RETURN_IF_ERROR(NeedType(ctx, 0, kBytes));
  PEEL_RETURN_IF_ERROR(NeedType(ctx, 1, kBytes));
  PEEL_ASSIGN_OR_RETURN(Shape shape, MatMulShape(ctx.InputShape(0), ctx.InputShape(1)));
  if (ctx.HasInput(2)) {
    PEEL_RETURN_IF_ERROR(NeedSameType(ctx, 2, 0));
    PEEL_RETURN_IF_ERROR(NeedMatrixParameter(ctx, 2, 0, true));
  }
  if (ctx.HasInput(3)) {
    PEEL_RETURN_IF_ERROR(NeedSameType(ctx, 3, 1));
    PEEL_RETURN_IF_ERROR(NeedMatrixParameter(ctx, 3, 1, false));
  }
  return ctx.SetOutput(0, DataType::kInt32, std::move(shape));
}

constexpr OpSchema kSchemas[] = {
    {"", "ConvInteger", 10, 2, 4, ConvInteger},
    {"", "DequantizeLinear", 10, 2, 3, DequantizeLinear},
    {"", "DynamicQuantizeLinear", 11, 1, 1, DynamicQuantizeLinear, 3, 3},
    {"", "MatMulInteger", 10, 2, 4, MatMulInteger},
    {"", "QLinearConv", 10, 8, 9, QLinearConv},
    {"", "QLinearMatMul", 10, 8, 8, QLinearMatMul},
    {"", "QuantizeLinear", 10, 2, 3, QuantizeLinear},
};

}  // namespace

std::span<const OpSchema> QuantiseSchemas() { return kSchemas; }

}  // namespace peel::engine::schemas

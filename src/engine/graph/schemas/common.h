#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "src/engine/graph/schema.h"

// What the families of schemas share. Errors of an attribute that makes no sense are kCorrupt;
// those of operands that do not fit each other are kInvalidArgument, because the shapes that a
// caller chose may be the cause.
namespace peel::engine::schemas {

// Sets of element types.
using Types = uint32_t;
constexpr Types TypeBit(DataType type) { return Types{1} << static_cast<int>(type); }
template <typename... T>
constexpr Types TypeBits(T... types) {
  return (TypeBit(types) | ...);
}
constexpr Types kFloats =
    TypeBits(DataType::kFloat16, DataType::kBfloat16, DataType::kFloat32, DataType::kFloat64);
constexpr Types kSigned =
    TypeBits(DataType::kInt8, DataType::kInt16, DataType::kInt32, DataType::kInt64);
constexpr Types kUnsigned =
    TypeBits(DataType::kUint8, DataType::kUint16, DataType::kUint32, DataType::kUint64);
constexpr Types kInts = kSigned | kUnsigned;
constexpr Types kNumbers = kFloats | kInts;
constexpr Types kBools = TypeBit(DataType::kBool);
constexpr Types kAny = kNumbers | kBools;
constexpr Types kIndices = TypeBits(DataType::kInt32, DataType::kInt64);

// "input 1 ": how messages name an operand.
std::string InputLabel(int i);

Status NeedType(const InferContext& ctx, int i, Types types);
Status NeedSameType(const InferContext& ctx, int i, int as);
Status NeedRank(const InferContext& ctx, int i, int rank);
Status NeedRankAtLeast(const InferContext& ctx, int i, int rank);
Status NeedShape(const InferContext& ctx, int i, const Shape& shape);
// A scalar or a single element.
Status NeedOneElement(const InferContext& ctx, int i);

// The attribute, kCorrupt naming it where it is missing.
Result<std::vector<int64_t>> NeedInts(const InferContext& ctx, const char* name);
Result<int64_t> NeedInt(const InferContext& ctx, const char* name);

// Constant operand of integers, at most one-dimensional.
Result<std::vector<int64_t>> ConstantInts(const InferContext& ctx, int i);
Result<int64_t> ConstantInt(const InferContext& ctx, int i);
// True where the operand is there and not a constant without elements, which many exporters write
// for "left out".
bool HasNonEmptyInput(const InferContext& ctx, int i);

// A negative axis counted from the end; kCorrupt where it is not in [-rank, rank).
Result<int64_t> NormalAxis(int64_t axis, int64_t rank);
// The same of a list, which may not name an axis twice; sorted.
Result<std::vector<int64_t>> NormalAxes(std::vector<int64_t> axes, int64_t rank);
// Axes from an attribute of early opsets or from operand i of later ones; empty where neither is
// there.
Result<std::vector<int64_t>> AxesOf(const InferContext& ctx, int i);

// Numpy's rule. kInvalidArgument naming both shapes.
Result<Shape> Broadcast(const Shape& a, const Shape& b);
// Whether from can be stretched to exactly to.
bool BroadcastsTo(const Shape& from, const Shape& to);

// Sums and products of extents; kLimit instead of wrapping round.
Result<int64_t> Plus(int64_t a, int64_t b);
Result<int64_t> Times(int64_t a, int64_t b);
// Product of extents [begin, end).
Result<int64_t> Product(const Shape& shape, size_t begin, size_t end);

// Output 0 gets type and shape of input 0.
Status LikeInput(InferContext& ctx);

// The tables, one a file.
std::span<const OpSchema> ElementwiseSchemas();
std::span<const OpSchema> BinarySchemas();
std::span<const OpSchema> ConvSchemas();
std::span<const OpSchema> PoolSchemas();
std::span<const OpSchema> MatrixSchemas();
std::span<const OpSchema> EinsumSchemas();
std::span<const OpSchema> NormaliseSchemas();
std::span<const OpSchema> ResizeSchemas();
std::span<const OpSchema> ShapeSchemas();
std::span<const OpSchema> MovementSchemas();
std::span<const OpSchema> SplitSchemas();
std::span<const OpSchema> GatherSchemas();
std::span<const OpSchema> GenerateSchemas();
std::span<const OpSchema> ReduceSchemas();
std::span<const OpSchema> QuantiseSchemas();
std::span<const OpSchema> IntegerSchemas();

}  // namespace peel::engine::schemas

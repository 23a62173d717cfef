#include "src/engine/graph/schemas/common.h"

#include <algorithm>
#include <utility>

#include "src/base/checked.h"

namespace peel::engine::schemas {
namespace {

std::string Shown(const InferContext& ctx, int i) {
  return InputLabel(i) + " '" + ctx.Input(i).name + "' is " + ShapeString(ctx.InputShape(i));
}

}  // namespace

std::string InputLabel(int i) { return "input " + std::to_string(i); }

Status NeedType(const InferContext& ctx, int i, Types types) {
  if (TypeBit(ctx.InputType(i)) & types) return OkStatus();
  return Corrupt(InputLabel(i) + " '" + ctx.Input(i).name + "' has elements of type " +
                 DataTypeName(ctx.InputType(i)) + ", which the operator does not take");
}

Status NeedSameType(const InferContext& ctx, int i, int as) {
  if (ctx.InputType(i) == ctx.InputType(as)) return OkStatus();
  return Corrupt(InputLabel(i) + " '" + ctx.Input(i).name + "' is " +
                 DataTypeName(ctx.InputType(i)) + " where " + InputLabel(as) + " is " +
                 DataTypeName(ctx.InputType(as)));
}

Status NeedRank(const InferContext& ctx, int i, int rank) {
  if (ctx.InputShape(i).size() == static_cast<size_t>(rank)) return OkStatus();
  return InvalidArgument(Shown(ctx, i) + "; " + std::to_string(rank) + " dimensions are needed");
}

Status NeedRankAtLeast(const InferContext& ctx, int i, int rank) {
  if (ctx.InputShape(i).size() >= static_cast<size_t>(rank)) return OkStatus();
  return InvalidArgument(Shown(ctx, i) + "; at least " + std::to_string(rank) +
                         " dimensions are needed");
}

Status NeedShape(const InferContext& ctx, int i, const Shape& shape) {
  if (ctx.InputShape(i) == shape) return OkStatus();
  return InvalidArgument(Shown(ctx, i) + " where " + ShapeString(shape) + " is needed");
}

Status NeedOneElement(const InferContext& ctx, int i) {
  for (const int64_t extent : ctx.InputShape(i)) {
    if (extent != 1) return InvalidArgument(Shown(ctx, i) + " where one number is needed");
  }
  return OkStatus();
}

Result<std::vector<int64_t>> NeedInts(const InferContext& ctx, const char* name) {
  if (!ctx.node().HasAttribute(name)) {
    return Corrupt(std::string("has no attribute '") + name + "'");
  }
  return ctx.node().Ints(name);
}

Result<int64_t> NeedInt(const InferContext& ctx, const char* name) {
  if (!ctx.node().HasAttribute(name)) {
    return Corrupt(std::string("has no attribute '") + name + "'");
  }
  return ctx.node().Int(name, 0);
}

Result<std::vector<int64_t>> ConstantInts(const InferContext& ctx, int i) {
  PEEL_RETURN_IF_ERROR(NeedType(ctx, i, kInts));
  PEEL_ASSIGN_OR_RETURN(const Tensor tensor, ctx.ConstantInput(i));
  if (tensor.rank() > 1) {
    return Corrupt(InputLabel(i) + " is " + ShapeString(tensor.shape()) +
                   " where a list of numbers is needed");
  }
  return tensor.AsInt64s();
}

Result<int64_t> ConstantInt(const InferContext& ctx, int i) {
  PEEL_RETURN_IF_ERROR(NeedOneElement(ctx, i));
  PEEL_RETURN_IF_ERROR(NeedType(ctx, i, kInts));
  PEEL_ASSIGN_OR_RETURN(const Tensor tensor, ctx.ConstantInput(i));
  PEEL_ASSIGN_OR_RETURN(const std::vector<int64_t> values, tensor.AsInt64s());
  return values[0];
}

bool HasNonEmptyInput(const InferContext& ctx, int i) {
  if (!ctx.HasInput(i)) return false;
  const Shape& shape = ctx.InputShape(i);
  return std::find(shape.begin(), shape.end(), 0) == shape.end();
}

Result<int64_t> NormalAxis(int64_t axis, int64_t rank) {
  if (axis < -rank || axis >= rank) {
    return Corrupt("axis " + std::to_string(axis) + " does not exist in a tensor of " +
                   std::to_string(rank) + " dimensions");
  }
  return axis < 0 ? axis + rank : axis;
}

Result<std::vector<int64_t>> NormalAxes(std::vector<int64_t> axes, int64_t rank) {
  for (int64_t& axis : axes) {
    PEEL_ASSIGN_OR_RETURN(axis, NormalAxis(axis, rank));
  }
  std::sort(axes.begin(), axes.end());
  const auto twice = std::adjacent_find(axes.begin(), axes.end());
  if (twice != axes.end()) return Corrupt("names axis " + std::to_string(*twice) + " twice");
  return axes;
}

Result<std::vector<int64_t>> AxesOf(const InferContext& ctx, int i) {
  if (ctx.HasInput(i)) return ConstantInts(ctx, i);
  return ctx.node().Ints("axes");
}

Result<Shape> Broadcast(const Shape& a, const Shape& b) {
  Shape out(std::max(a.size(), b.size()));
  for (size_t i = 0; i < out.size(); ++i) {
    const int64_t x = i < a.size() ? a[a.size() - 1 - i] : 1;
    const int64_t y = i < b.size() ? b[b.size() - 1 - i] : 1;
    if (x != y && x != 1 && y != 1) {
      return InvalidArgument("the shapes " + ShapeString(a) + " and " + ShapeString(b) +
                             " do not fit each other");
    }
    out[out.size() - 1 - i] = x == 1 ? y : x;
  }
  return out;
}

bool BroadcastsTo(const Shape& from, const Shape& to) {
  if (from.size() > to.size()) return false;
  for (size_t i = 0; i < from.size(); ++i) {
    const int64_t extent = from[from.size() - 1 - i];
    if (extent != 1 && extent != to[to.size() - 1 - i]) return false;
  }
  return true;
}

Result<int64_t> Plus(int64_t a, int64_t b) {
  const auto sum = CheckedAdd(a, b);
  if (!sum) return LimitExceeded("an extent is larger than any number");
  return *sum;
}

Result<int64_t> Times(int64_t a, int64_t b) {
  const auto product = CheckedMul(a, b);
  if (!product) return LimitExceeded("an extent is larger than any number");
  return *product;
}

Result<int64_t> Product(const Shape& shape, size_t begin, size_t end) {
  return ElementCount(Shape(shape.begin() + static_cast<std::ptrdiff_t>(begin),
                            shape.begin() + static_cast<std::ptrdiff_t>(end)));
}

Status LikeInput(InferContext& ctx) {
  return ctx.SetOutput(0, ctx.InputType(0), ctx.InputShape(0));
}

}  // namespace peel::engine::schemas

// Operators that ask for a shape or change it without moving elements.
#include <algorithm>

#include "src/engine/graph/schemas/common.h"

namespace peel::engine::schemas {
namespace {

Status ShapeOf(InferContext& ctx) {
  const auto rank = static_cast<int64_t>(ctx.InputShape(0).size());
  const auto clamp = [&](int64_t i) { return std::clamp<int64_t>(i < 0 ? i + rank : i, 0, rank); };
  const int64_t start = clamp(ctx.node().Int("start", 0));
  const int64_t end = clamp(ctx.node().Int("end", rank));
  return ctx.SetOutput(0, DataType::kInt64, {std::max<int64_t>(0, end - start)});
}

Status Size(InferContext& ctx) { return ctx.SetOutput(0, DataType::kInt64, {}); }

Status Reshape(InferContext& ctx) {
  const Shape& in = ctx.InputShape(0);
  PEEL_ASSIGN_OR_RETURN(Shape out, ConstantInts(ctx, 1));
  const bool zero_is_zero = ctx.node().Int("allowzero", 0) != 0;
  PEEL_ASSIGN_OR_RETURN(const int64_t count, ElementCount(in));
  int64_t known = 1;
  int64_t* open = nullptr;
  for (size_t i = 0; i < out.size(); ++i) {
    if (out[i] == 0 && !zero_is_zero) {
      if (i >= in.size())
        return Corrupt("keeps extent " + std::to_string(i) + ", which is not there");
      out[i] = in[i];
    }
    if (out[i] == -1) {
      if (open != nullptr) return Corrupt("leaves two extents open");
      open = &out[i];
      continue;
    }
    if (out[i] < 0) return Corrupt("asks for the extent " + std::to_string(out[i]));
    PEEL_ASSIGN_OR_RETURN(known, Times(known, out[i]));
  }
  const auto mismatch = [&] {
    return InvalidArgument("cannot make " + ShapeString(in) + " into " + ShapeString(out));
  };
  if (open != nullptr) {
    if (known == 0) {
      if (count != 0 || zero_is_zero) return mismatch();
      *open = 0;
    } else {
      if (count % known != 0) return mismatch();
      *open = count / known;
    }
  } else if (known != count) {
    return mismatch();
  }
  return ctx.SetOutput(0, ctx.InputType(0), std::move(out));
}

Status Flatten(InferContext& ctx) {
  const Shape& in = ctx.InputShape(0);
  const auto rank = static_cast<int64_t>(in.size());
  int64_t axis = ctx.node().Int("axis", 1);
  if (axis < -rank || axis > rank)
    return Corrupt("axis " + std::to_string(axis) + " does not exist");
  if (axis < 0) axis += rank;
  PEEL_ASSIGN_OR_RETURN(const int64_t rows, Product(in, 0, static_cast<size_t>(axis)));
  PEEL_ASSIGN_OR_RETURN(const int64_t columns, Product(in, static_cast<size_t>(axis), in.size()));
  return ctx.SetOutput(0, ctx.InputType(0), {rows, columns});
}

Status Squeeze(InferContext& ctx) {
  const Shape& in = ctx.InputShape(0);
  PEEL_ASSIGN_OR_RETURN(std::vector<int64_t> axes, AxesOf(ctx, 1));
  const bool all = axes.empty() && !ctx.HasInput(1);
  PEEL_ASSIGN_OR_RETURN(axes, NormalAxes(std::move(axes), static_cast<int64_t>(in.size())));
  Shape out;
  for (size_t i = 0; i < in.size(); ++i) {
    const bool named = std::binary_search(axes.begin(), axes.end(), static_cast<int64_t>(i));
    if (named && in[i] != 1) {
      return InvalidArgument("axis " + std::to_string(i) + " of " + ShapeString(in) +
                             " cannot be dropped");
    }
    if (!named && !(all && in[i] == 1)) out.push_back(in[i]);
  }
  return ctx.SetOutput(0, ctx.InputType(0), std::move(out));
}

Status Unsqueeze(InferContext& ctx) {
  const Shape& in = ctx.InputShape(0);
  PEEL_ASSIGN_OR_RETURN(std::vector<int64_t> axes, AxesOf(ctx, 1));
  const size_t rank = in.size() + axes.size();
  PEEL_ASSIGN_OR_RETURN(axes, NormalAxes(std::move(axes), static_cast<int64_t>(rank)));
  Shape out;
  auto next = in.begin();
  for (size_t i = 0; i < rank; ++i) {
    const bool added = std::binary_search(axes.begin(), axes.end(), static_cast<int64_t>(i));
    out.push_back(added ? 1 : *next++);
  }
  return ctx.SetOutput(0, ctx.InputType(0), std::move(out));
}

Status Expand(InferContext& ctx) {
  PEEL_ASSIGN_OR_RETURN(const Shape wanted, ConstantInts(ctx, 1));
  for (const int64_t extent : wanted) {
    if (extent < 0) return Corrupt("asks for the extent " + std::to_string(extent));
  }
  PEEL_ASSIGN_OR_RETURN(Shape out, Broadcast(ctx.InputShape(0), wanted));
  return ctx.SetOutput(0, ctx.InputType(0), std::move(out));
}

constexpr OpSchema kSchemas[] = {
    {"", "Expand", 8, 2, 2, Expand, 1, 1, 1u << 1},
    {"", "Flatten", 1, 1, 1, Flatten},
    {"", "Reshape", 5, 2, 2, Reshape, 1, 1, 1u << 1},
    {"", "Shape", 1, 1, 1, ShapeOf},
    {"", "Size", 1, 1, 1, Size},
    {"", "Squeeze", 1, 1, 1, Squeeze},
    {"", "Squeeze", 13, 1, 2, Squeeze, 1, 1, 1u << 1},
    {"", "Unsqueeze", 1, 1, 1, Unsqueeze},
    {"", "Unsqueeze", 13, 2, 2, Unsqueeze, 1, 1, 1u << 1},
};

}  // namespace

std::span<const OpSchema> ShapeSchemas() { return kSchemas; }

}  // namespace peel::engine::schemas

// Reductions along axes.
#include <algorithm>

#include "src/engine/graph/schemas/common.h"

namespace peel::engine::schemas {
namespace {

template <Types types>
Status Reduce(InferContext& ctx) {
  PEEL_RETURN_IF_ERROR(NeedType(ctx, 0, types));
  const Shape& in = ctx.InputShape(0);
  PEEL_ASSIGN_OR_RETURN(std::vector<int64_t> axes, AxesOf(ctx, 1));
  if (axes.empty() && ctx.node().Int("noop_with_empty_axes", 0) != 0) return LikeInput(ctx);
  const bool all = axes.empty();
  PEEL_ASSIGN_OR_RETURN(axes, NormalAxes(std::move(axes), static_cast<int64_t>(in.size())));
  const bool keep = ctx.node().Int("keepdims", 1) != 0;
  Shape out;
  for (size_t i = 0; i < in.size(); ++i) {
    const bool reduced =
        all || std::binary_search(axes.begin(), axes.end(), static_cast<int64_t>(i));
    if (!reduced) {
      out.push_back(in[i]);
    } else if (keep) {
      out.push_back(1);
    }
  }
  return ctx.SetOutput(0, ctx.InputType(0), std::move(out));
}

Status ArgReduce(InferContext& ctx) {
  PEEL_RETURN_IF_ERROR(NeedType(ctx, 0, kNumbers));
  Shape out = ctx.InputShape(0);
  PEEL_ASSIGN_OR_RETURN(const int64_t axis,
                        NormalAxis(ctx.node().Int("axis", 0), static_cast<int64_t>(out.size())));
  int64_t& extent = out[static_cast<size_t>(axis)];
  if (extent == 0) return InvalidArgument("there is no largest or smallest of no elements");
  extent = 1;
  if (ctx.node().Int("keepdims", 1) == 0) out.erase(out.begin() + axis);
  return ctx.SetOutput(0, DataType::kInt64, std::move(out));
}

Status SetTopK(InferContext& ctx, int64_t k) {
  PEEL_RETURN_IF_ERROR(NeedType(ctx, 0, kNumbers));
  Shape out = ctx.InputShape(0);
  PEEL_ASSIGN_OR_RETURN(const int64_t axis,
                        NormalAxis(ctx.node().Int("axis", -1), static_cast<int64_t>(out.size())));
  int64_t& extent = out[static_cast<size_t>(axis)];
  if (k < 0 || k > extent) {
    return InvalidArgument("cannot pick " + std::to_string(k) + " of " + std::to_string(extent) +
                           " elements");
  }
  extent = k;
  PEEL_RETURN_IF_ERROR(ctx.SetOutput(0, ctx.InputType(0), out));
  return ctx.SetOutput(1, DataType::kInt64, std::move(out));
}

Status TopKByAttribute(InferContext& ctx) {
  PEEL_ASSIGN_OR_RETURN(const int64_t k, NeedInt(ctx, "k"));
  return SetTopK(ctx, k);
}

Status TopK(InferContext& ctx) {
  PEEL_ASSIGN_OR_RETURN(const int64_t k, ConstantInt(ctx, 1));
  return SetTopK(ctx, k);
}

constexpr Types kWithBools = kNumbers | kBools;  // ReduceMax and ReduceMin since opset 20
constexpr uint32_t kAxes = 1u << 1;

constexpr OpSchema kSchemas[] = {
    {"", "ArgMax", 1, 1, 1, ArgReduce},
    {"", "ArgMin", 1, 1, 1, ArgReduce},
    {"", "ReduceL1", 1, 1, 1, Reduce<kNumbers>},
    {"", "ReduceL1", 18, 1, 2, Reduce<kNumbers>, 1, 1, kAxes},
    {"", "ReduceL2", 1, 1, 1, Reduce<kNumbers>},
    {"", "ReduceL2", 18, 1, 2, Reduce<kNumbers>, 1, 1, kAxes},
    {"", "ReduceLogSum", 1, 1, 1, Reduce<kNumbers>},
    {"", "ReduceLogSum", 18, 1, 2, Reduce<kNumbers>, 1, 1, kAxes},
    {"", "ReduceLogSumExp", 1, 1, 1, Reduce<kNumbers>},
    {"", "ReduceLogSumExp", 18, 1, 2, Reduce<kNumbers>, 1, 1, kAxes},
    {"", "ReduceMax", 1, 1, 1, Reduce<kNumbers>},
    {"", "ReduceMax", 18, 1, 2, Reduce<kWithBools>, 1, 1, kAxes},
    {"", "ReduceMean", 1, 1, 1, Reduce<kNumbers>},
    {"", "ReduceMean", 18, 1, 2, Reduce<kNumbers>, 1, 1, kAxes},
    {"", "ReduceMin", 1, 1, 1, Reduce<kNumbers>},
    {"", "ReduceMin", 18, 1, 2, Reduce<kWithBools>, 1, 1, kAxes},
    {"", "ReduceProd", 1, 1, 1, Reduce<kNumbers>},
    {"", "ReduceProd", 18, 1, 2, Reduce<kNumbers>, 1, 1, kAxes},
    {"", "ReduceSum", 1, 1, 1, Reduce<kNumbers>},
    {"", "ReduceSum", 13, 1, 2, Reduce<kNumbers>, 1, 1, kAxes},
    {"", "ReduceSumSquare", 1, 1, 1, Reduce<kNumbers>},
    {"", "ReduceSumSquare", 18, 1, 2, Reduce<kNumbers>, 1, 1, kAxes},
    {"", "TopK", 1, 1, 1, TopKByAttribute, 2, 2},
    {"", "TopK", 10, 2, 2, TopK, 2, 2, 1u << 1},
};

}  // namespace

std::span<const OpSchema> ReduceSchemas() { return kSchemas; }

}  // namespace peel::engine::schemas

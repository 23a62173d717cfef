// Cutting tensors apart and joining them: Slice, Split, Concat.
#include <algorithm>
#include <limits>
#include <numeric>

#include "src/engine/graph/schemas/common.h"
#include "src/engine/graph/slice.h"

namespace peel::engine {

Result<std::vector<SliceRange>> ResolveSlice(const Shape& shape, std::vector<int64_t> starts,
                                             std::vector<int64_t> ends, std::vector<int64_t> axes,
                                             std::vector<int64_t> steps) {
  const auto rank = static_cast<int64_t>(shape.size());
  if (axes.empty()) {
    axes.resize(starts.size());
    std::iota(axes.begin(), axes.end(), int64_t{0});
  }
  if (steps.empty()) steps.assign(starts.size(), 1);
  if (ends.size() != starts.size() || axes.size() != starts.size() ||
      steps.size() != starts.size()) {
    return Corrupt("its starts, ends, axes and steps are not equally many");
  }
  std::vector<SliceRange> ranges;
  ranges.reserve(shape.size());
  for (const int64_t extent : shape) ranges.push_back({0, 1, extent});
  std::vector<char> seen(shape.size(), 0);
  for (size_t i = 0; i < axes.size(); ++i) {
    PEEL_ASSIGN_OR_RETURN(const int64_t axis, schemas::NormalAxis(axes[i], rank));
    if (seen[static_cast<size_t>(axis)]) {
      return Corrupt("names axis " + std::to_string(axis) + " twice");
    }
    seen[static_cast<size_t>(axis)] = 1;
    const int64_t extent = shape[static_cast<size_t>(axis)];
    const int64_t step = steps[i];
    if (step == 0) return Corrupt("has a step of 0");
    // Indices count from the end where negative and are then clamped: to [0, extent] going up,
    // to [-1, extent - 1] going down, where -1 means "before the first".
    const int64_t low = step > 0 ? 0 : -1;
    const int64_t high = step > 0 ? extent : extent - 1;
    const auto clamp = [&](int64_t v) { return std::clamp(v < 0 ? v + extent : v, low, high); };
    if (extent == 0) {
      ranges[static_cast<size_t>(axis)] = {0, step, 0};
      continue;
    }
    const int64_t start = std::clamp<int64_t>(starts[i] < 0 ? starts[i] + extent : starts[i], 0,
                                              step > 0 ? extent : extent - 1);
    const int64_t end = clamp(ends[i]);
    const int64_t distance = step > 0 ? end - start : start - end;
    const int64_t stride =
        step > 0 ? step : (step == std::numeric_limits<int64_t>::min() ? -(step + 1) : -step);
    // (distance - 1) / stride + 1 cannot overflow, however long the stride.
    const int64_t count = distance <= 0 ? 0 : (distance - 1) / stride + 1;
    ranges[static_cast<size_t>(axis)] = {start, step, count};
  }
  return ranges;
}

namespace schemas {
namespace {

Status SetSlice(InferContext& ctx, std::vector<int64_t> starts, std::vector<int64_t> ends,
                std::vector<int64_t> axes, std::vector<int64_t> steps) {
  PEEL_ASSIGN_OR_RETURN(const std::vector<SliceRange> ranges,
                        ResolveSlice(ctx.InputShape(0), std::move(starts), std::move(ends),
                                     std::move(axes), std::move(steps)));
  Shape out;
  for (const SliceRange& range : ranges) out.push_back(range.count);
  return ctx.SetOutput(0, ctx.InputType(0), std::move(out));
}

Status SliceByAttribute(InferContext& ctx) {
  PEEL_ASSIGN_OR_RETURN(std::vector<int64_t> starts, NeedInts(ctx, "starts"));
  PEEL_ASSIGN_OR_RETURN(std::vector<int64_t> ends, NeedInts(ctx, "ends"));
  return SetSlice(ctx, std::move(starts), std::move(ends), ctx.node().Ints("axes"), {});
}

// Inputs data, starts, ends, [axes], [steps].
Status Slice(InferContext& ctx) {
  std::vector<int64_t> lists[4];
  for (int i = 0; i < 4; ++i) {
    if (!ctx.HasInput(i + 1)) continue;
    PEEL_ASSIGN_OR_RETURN(lists[i], ConstantInts(ctx, i + 1));
  }
  return SetSlice(ctx, std::move(lists[0]), std::move(lists[1]), std::move(lists[2]),
                  std::move(lists[3]));
}

Status Concat(InferContext& ctx) {
  PEEL_RETURN_IF_ERROR(NeedType(ctx, 0, kAny));
  PEEL_RETURN_IF_ERROR(NeedRankAtLeast(ctx, 0, 1));
  Shape out = ctx.InputShape(0);
  PEEL_ASSIGN_OR_RETURN(const int64_t named, NeedInt(ctx, "axis"));
  PEEL_ASSIGN_OR_RETURN(const int64_t axis, NormalAxis(named, static_cast<int64_t>(out.size())));
  for (int i = 1; i < ctx.input_count(); ++i) {
    PEEL_RETURN_IF_ERROR(NeedSameType(ctx, i, 0));
    const Shape& next = ctx.InputShape(i);
    bool fits = next.size() == out.size();
    for (size_t k = 0; fits && k < out.size(); ++k) {
      fits = k == static_cast<size_t>(axis) || next[k] == out[k];
    }
    if (!fits) {
      return InvalidArgument(InputLabel(i) + " of " + ShapeString(next) +
                             " cannot be joined along axis " + std::to_string(axis) + " to " +
                             ShapeString(ctx.InputShape(0)));
    }
    int64_t& extent = out[static_cast<size_t>(axis)];
    PEEL_ASSIGN_OR_RETURN(extent, Plus(extent, next[static_cast<size_t>(axis)]));
  }
  return ctx.SetOutput(0, ctx.InputType(0), std::move(out));
}

Status SetSplit(InferContext& ctx, int64_t axis, const std::vector<int64_t>& parts) {
  if (parts.size() != static_cast<size_t>(ctx.output_count())) {
    return Corrupt("has " + std::to_string(parts.size()) + " parts for " +
                   std::to_string(ctx.output_count()) + " outputs");
  }
  const int64_t extent = ctx.InputShape(0)[static_cast<size_t>(axis)];
  int64_t sum = 0;
  for (const int64_t part : parts) {
    if (part < 0) return Corrupt("has a part of " + std::to_string(part));
    PEEL_ASSIGN_OR_RETURN(sum, Plus(sum, part));
  }
  if (sum != extent) {
    return InvalidArgument("its parts add up to " + std::to_string(sum) + " where " +
                           std::to_string(extent) + " are to be split");
  }
  for (int i = 0; i < ctx.output_count(); ++i) {
    Shape out = ctx.InputShape(0);
    out[static_cast<size_t>(axis)] = parts[static_cast<size_t>(i)];
    PEEL_RETURN_IF_ERROR(ctx.SetOutput(i, ctx.InputType(0), std::move(out)));
  }
  return OkStatus();
}

// The parts come from operand 1, an attribute, or are equal; since opset 18 the last may be
// smaller.
Status Split(InferContext& ctx) {
  PEEL_RETURN_IF_ERROR(NeedType(ctx, 0, kAny));
  const Shape& in = ctx.InputShape(0);
  PEEL_ASSIGN_OR_RETURN(const int64_t axis,
                        NormalAxis(ctx.node().Int("axis", 0), static_cast<int64_t>(in.size())));
  if (ctx.HasInput(1)) {
    PEEL_ASSIGN_OR_RETURN(const std::vector<int64_t> parts, ConstantInts(ctx, 1));
    return SetSplit(ctx, axis, parts);
  }
  std::vector<int64_t> parts = ctx.node().Ints("split");
  if (!parts.empty()) return SetSplit(ctx, axis, parts);
  const int64_t count = ctx.output_count();
  if (ctx.node().Int("num_outputs", count) != count) {
    return Corrupt("attribute 'num_outputs' differs from its " + std::to_string(count) +
                   " outputs");
  }
  const int64_t extent = in[static_cast<size_t>(axis)];
  if (extent % count != 0 && ctx.opset() < 18) {
    return InvalidArgument("an extent of " + std::to_string(extent) + " does not divide into " +
                           std::to_string(count) + " equal parts");
  }
  const int64_t part = (extent + count - 1) / count;
  int64_t left = extent;
  for (int64_t i = 0; i < count; ++i) {
    parts.push_back(std::min(part, left));
    left -= parts.back();
  }
  return SetSplit(ctx, axis, parts);
}

constexpr OpSchema kSchemas[] = {
    {"", "Concat", 4, 1, -1, Concat},
    {"", "Slice", 1, 1, 1, SliceByAttribute},
    {"", "Slice", 10, 3, 5, Slice, 1, 1, 1u << 1 | 1u << 2 | 1u << 3 | 1u << 4},
    {"", "Split", 2, 1, 1, Split, 1, -1},
    {"", "Split", 13, 1, 2, Split, 1, -1, 1u << 1},
};

}  // namespace

std::span<const OpSchema> SplitSchemas() { return kSchemas; }

}  // namespace schemas
}  // namespace peel::engine

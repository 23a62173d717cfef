// Resize, its forerunner Upsample, and GridSample.
#include <cmath>
#include <limits>
#include <numeric>

#include "src/engine/graph/schemas/common.h"

namespace peel::engine::schemas {
namespace {

constexpr float kMaxScale = 1e6f;

// floor(extent * scale) in single precision, as every runtime computes it.
Result<int64_t> Scaled(int64_t extent, float scale) {
  if (!(scale > 0) || scale > kMaxScale) {
    return Corrupt("the scale " + std::to_string(scale) + " is not a sensible positive number");
  }
  const float result = std::floor(static_cast<float>(extent) * scale);
  if (result > 1e15f) return LimitExceeded("an extent is larger than any number");
  return static_cast<int64_t>(result);
}

Status ScaleAll(InferContext& ctx, const std::vector<float>& scales) {
  Shape shape = ctx.InputShape(0);
  if (scales.size() != shape.size()) {
    return Corrupt("has " + std::to_string(scales.size()) + " scales for " +
                   std::to_string(shape.size()) + " dimensions");
  }
  for (size_t i = 0; i < shape.size(); ++i) {
    PEEL_ASSIGN_OR_RETURN(shape[i], Scaled(shape[i], scales[i]));
  }
  return ctx.SetOutput(0, ctx.InputType(0), std::move(shape));
}

Result<std::vector<float>> ConstantScales(const InferContext& ctx, int i) {
  PEEL_RETURN_IF_ERROR(NeedType(ctx, i, kFloats));
  PEEL_ASSIGN_OR_RETURN(const Tensor tensor, ctx.ConstantInput(i));
  if (tensor.rank() != 1) return Corrupt("its scales are " + ShapeString(tensor.shape()));
  return tensor.AsFloats();
}

Status UpsampleByAttribute(InferContext& ctx) {
  PEEL_RETURN_IF_ERROR(NeedType(ctx, 0, kAny));
  return ScaleAll(ctx, ctx.node().Floats("scales"));
}

// Upsample 9 and Resize 10: scales are operand 1.
Status ScaleByOperand(InferContext& ctx) {
  PEEL_RETURN_IF_ERROR(NeedType(ctx, 0, kAny));
  PEEL_ASSIGN_OR_RETURN(const std::vector<float> scales, ConstantScales(ctx, 1));
  return ScaleAll(ctx, scales);
}

// Regions of interest: starts of all axes, then their ends, as fractions.
Result<std::vector<float>> RegionOf(const InferContext& ctx, size_t axes) {
  if (ctx.node().String("coordinate_transformation_mode", "half_pixel") != "tf_crop_and_resize") {
    return std::vector<float>();
  }
  if (!HasNonEmptyInput(ctx, 1)) return Corrupt("has no region to crop");
  PEEL_RETURN_IF_ERROR(NeedType(ctx, 1, kFloats));
  PEEL_ASSIGN_OR_RETURN(const Tensor tensor, ctx.ConstantInput(1));
  PEEL_ASSIGN_OR_RETURN(std::vector<float> region, tensor.AsFloats());
  if (region.size() != axes * 2) {
    return Corrupt("has a region of " + std::to_string(region.size()) + " numbers where " +
                   std::to_string(axes * 2) + " are needed");
  }
  return region;
}

// Sizes under keep_aspect_ratio_policy: one scale for all axes, the smallest or the largest.
Status KeepAspect(const std::string& policy, const Shape& in, const std::vector<int64_t>& axes,
                  std::vector<int64_t>* sizes) {
  const bool smaller = policy == "not_larger";
  if (!smaller && policy != "not_smaller") {
    return Corrupt("attribute 'keep_aspect_ratio_policy' is '" + policy + "'");
  }
  double scale = smaller ? std::numeric_limits<double>::infinity() : 0;
  for (size_t i = 0; i < axes.size(); ++i) {
    const auto extent = static_cast<double>(in[static_cast<size_t>(axes[i])]);
    if (extent == 0) return InvalidArgument("its input has no elements");
    // In single precision, as the standard's own inference does; the rounding below depends on it.
    const double ratio = static_cast<float>((*sizes)[i]) / static_cast<float>(extent);
    scale = smaller ? std::min(scale, ratio) : std::max(scale, ratio);
  }
  for (size_t i = 0; i < axes.size(); ++i) {
    const double size =
        std::floor(scale * static_cast<double>(in[static_cast<size_t>(axes[i])]) + 0.5);
    if (size > 1e15) return LimitExceeded("an extent is larger than any number");
    (*sizes)[i] = static_cast<int64_t>(size);
  }
  return OkStatus();
}

// Inputs X, region, scales, sizes; one of the last two decides.
Status Resize(InferContext& ctx) {
  PEEL_RETURN_IF_ERROR(NeedType(ctx, 0, kAny));
  const Shape& in = ctx.InputShape(0);
  std::vector<int64_t> axes = ctx.node().Ints("axes");
  if (axes.empty()) {
    axes.resize(in.size());
    std::iota(axes.begin(), axes.end(), int64_t{0});
  }
  for (int64_t& axis : axes) {
    PEEL_ASSIGN_OR_RETURN(axis, NormalAxis(axis, static_cast<int64_t>(in.size())));
  }
  Shape out = in;
  PEEL_ASSIGN_OR_RETURN(const std::vector<float> region, RegionOf(ctx, axes.size()));
  const bool by_scales = HasNonEmptyInput(ctx, 2);
  const bool by_sizes = HasNonEmptyInput(ctx, 3);
  if (by_scales == by_sizes) {
    return Corrupt(by_scales ? "has both scales and sizes" : "has neither scales nor sizes");
  }
  if (by_scales) {
    PEEL_ASSIGN_OR_RETURN(const std::vector<float> scales, ConstantScales(ctx, 2));
    if (scales.size() != axes.size()) {
      return Corrupt("has " + std::to_string(scales.size()) + " scales for " +
                     std::to_string(axes.size()) + " dimensions");
    }
    for (size_t i = 0; i < axes.size(); ++i) {
      int64_t& extent = out[static_cast<size_t>(axes[i])];
      const float share = region.empty() ? 1.0f : region[axes.size() + i] - region[i];
      PEEL_ASSIGN_OR_RETURN(extent, Scaled(extent, share * scales[i]));
    }
    return ctx.SetOutput(0, ctx.InputType(0), std::move(out));
  }
  PEEL_ASSIGN_OR_RETURN(std::vector<int64_t> sizes, ConstantInts(ctx, 3));
  if (sizes.size() != axes.size()) {
    return Corrupt("has " + std::to_string(sizes.size()) + " sizes for " +
                   std::to_string(axes.size()) + " dimensions");
  }
  const std::string policy = ctx.node().String("keep_aspect_ratio_policy", "stretch");
  if (policy != "stretch") PEEL_RETURN_IF_ERROR(KeepAspect(policy, in, axes, &sizes));
  for (size_t i = 0; i < axes.size(); ++i) {
    if (sizes[i] < 0) return Corrupt("has the size " + std::to_string(sizes[i]));
    out[static_cast<size_t>(axes[i])] = sizes[i];
  }
  return ctx.SetOutput(0, ctx.InputType(0), std::move(out));
}

Status GridSample(InferContext& ctx) {
  PEEL_RETURN_IF_ERROR(NeedType(ctx, 0, kAny));
  PEEL_RETURN_IF_ERROR(NeedType(ctx, 1, kFloats));
  PEEL_RETURN_IF_ERROR(NeedRankAtLeast(ctx, 0, 3));
  const Shape& in = ctx.InputShape(0);
  const Shape& grid = ctx.InputShape(1);
  PEEL_RETURN_IF_ERROR(NeedRank(ctx, 1, static_cast<int>(in.size())));
  if (grid.front() != in.front() || grid.back() != static_cast<int64_t>(in.size()) - 2) {
    return InvalidArgument("the grid of " + ShapeString(grid) + " does not fit its input of " +
                           ShapeString(in));
  }
  Shape out = {in[0], in[1]};
  out.insert(out.end(), grid.begin() + 1, grid.end() - 1);
  return ctx.SetOutput(0, ctx.InputType(0), std::move(out));
}

constexpr uint32_t kRegionScalesSizes = 1u << 1 | 1u << 2 | 1u << 3;

constexpr OpSchema kSchemas[] = {
    {"", "GridSample", 16, 2, 2, GridSample},
    {"", "Resize", 10, 2, 2, ScaleByOperand, 1, 1, 1u << 1},
    {"", "Resize", 11, 1, 4, Resize, 1, 1, kRegionScalesSizes},  // some leave the region out
    // Of uint8, whose zero point is the attribute x_zero: the result is rounded half to even around
    // it. Opsets as Resize's own.
    {"peel", "QResize", 10, 2, 2, ScaleByOperand, 1, 1, 1u << 1},
    {"peel", "QResize", 11, 1, 4, Resize, 1, 1, kRegionScalesSizes},
    {"", "Upsample", 7, 1, 1, UpsampleByAttribute},
    {"", "Upsample", 9, 2, 2, ScaleByOperand, 1, 1, 1u << 1},
};

}  // namespace

std::span<const OpSchema> ResizeSchemas() { return kSchemas; }

}  // namespace peel::engine::schemas

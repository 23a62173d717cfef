// Operators that move or repeat elements.
#include <numeric>

#include "src/engine/graph/schemas/common.h"

namespace peel::engine::schemas {
namespace {

Status Transpose(InferContext& ctx) {
  const Shape& in = ctx.InputShape(0);
  std::vector<int64_t> perm = ctx.node().Ints("perm");
  if (perm.empty()) {
    perm.resize(in.size());
    std::iota(perm.rbegin(), perm.rend(), int64_t{0});
  }
  if (perm.size() != in.size()) {
    return Corrupt("attribute 'perm' has " + std::to_string(perm.size()) + " entries for " +
                   std::to_string(in.size()) + " dimensions");
  }
  std::vector<char> seen(in.size(), 0);
  Shape out;
  for (const int64_t p : perm) {
    if (p < 0 || p >= static_cast<int64_t>(in.size()) || seen[static_cast<size_t>(p)]) {
      return Corrupt("attribute 'perm' is not a permutation");
    }
    seen[static_cast<size_t>(p)] = 1;
    out.push_back(in[static_cast<size_t>(p)]);
  }
  return ctx.SetOutput(0, ctx.InputType(0), std::move(out));
}

Status Tile(InferContext& ctx) {
  Shape out = ctx.InputShape(0);
  PEEL_ASSIGN_OR_RETURN(const std::vector<int64_t> repeats, ConstantInts(ctx, 1));
  if (repeats.size() != out.size()) {
    return Corrupt("has " + std::to_string(repeats.size()) + " repeats for " +
                   std::to_string(out.size()) + " dimensions");
  }
  for (size_t i = 0; i < out.size(); ++i) {
    if (repeats[i] < 0) return Corrupt("has the repeat " + std::to_string(repeats[i]));
    PEEL_ASSIGN_OR_RETURN(out[i], Times(out[i], repeats[i]));
  }
  return ctx.SetOutput(0, ctx.InputType(0), std::move(out));
}

Status PadBy(InferContext& ctx, const std::vector<int64_t>& pads, std::vector<int64_t> axes) {
  Shape out = ctx.InputShape(0);
  if (pads.size() != axes.size() * 2) {
    return Corrupt("has " + std::to_string(pads.size()) + " pads for " +
                   std::to_string(axes.size()) + " dimensions");
  }
  const std::string mode = ctx.node().String("mode", "constant");
  if (mode != "constant" && mode != "reflect" && mode != "edge" && mode != "wrap") {
    return Corrupt("attribute 'mode' is '" + mode + "'");
  }
  for (size_t i = 0; i < axes.size(); ++i) {
    PEEL_ASSIGN_OR_RETURN(const int64_t axis,
                          NormalAxis(axes[i], static_cast<int64_t>(out.size())));
    int64_t& extent = out[static_cast<size_t>(axis)];
    const int64_t begin = pads[i], end = pads[i + axes.size()];
    if (mode != "constant" && extent == 0 && (begin > 0 || end > 0)) {
      return InvalidArgument("an axis without elements cannot be continued");
    }
    PEEL_ASSIGN_OR_RETURN(extent, Plus(extent, begin));
    PEEL_ASSIGN_OR_RETURN(extent, Plus(extent, end));
    if (extent < 0) return InvalidArgument("crops more than there is");
  }
  return ctx.SetOutput(0, ctx.InputType(0), std::move(out));
}

std::vector<int64_t> AllAxes(const InferContext& ctx) {
  std::vector<int64_t> axes(ctx.InputShape(0).size());
  std::iota(axes.begin(), axes.end(), int64_t{0});
  return axes;
}

Status PadByAttribute(InferContext& ctx) {
  PEEL_RETURN_IF_ERROR(NeedType(ctx, 0, kAny));
  PEEL_ASSIGN_OR_RETURN(const std::vector<int64_t> pads, NeedInts(ctx, "pads"));
  return PadBy(ctx, pads, AllAxes(ctx));
}

// Inputs data, pads, [value], [axes].
Status Pad(InferContext& ctx) {
  PEEL_RETURN_IF_ERROR(NeedType(ctx, 0, kAny));
  if (HasNonEmptyInput(ctx, 2)) {
    PEEL_RETURN_IF_ERROR(NeedSameType(ctx, 2, 0));
    PEEL_RETURN_IF_ERROR(NeedOneElement(ctx, 2));
  }
  PEEL_ASSIGN_OR_RETURN(const std::vector<int64_t> pads, ConstantInts(ctx, 1));
  std::vector<int64_t> axes = AllAxes(ctx);
  if (ctx.HasInput(3)) {
    PEEL_ASSIGN_OR_RETURN(axes, ConstantInts(ctx, 3));
  }
  return PadBy(ctx, pads, std::move(axes));
}

Result<int64_t> BlockSize(const InferContext& ctx) {
  PEEL_RETURN_IF_ERROR(NeedRank(ctx, 0, 4));
  PEEL_ASSIGN_OR_RETURN(const int64_t block, NeedInt(ctx, "blocksize"));
  if (block < 1 || block > 1 << 20) {
    return Corrupt("attribute 'blocksize' is " + std::to_string(block));
  }
  return block;
}

Status DepthToSpace(InferContext& ctx) {
  PEEL_ASSIGN_OR_RETURN(const int64_t block, BlockSize(ctx));
  const Shape& in = ctx.InputShape(0);
  if (in[1] % (block * block) != 0) {
    return InvalidArgument("its " + std::to_string(in[1]) + " channels do not divide into blocks");
  }
  PEEL_ASSIGN_OR_RETURN(const int64_t height, Times(in[2], block));
  PEEL_ASSIGN_OR_RETURN(const int64_t width, Times(in[3], block));
  return ctx.SetOutput(0, ctx.InputType(0), {in[0], in[1] / (block * block), height, width});
}

Status SpaceToDepth(InferContext& ctx) {
  PEEL_ASSIGN_OR_RETURN(const int64_t block, BlockSize(ctx));
  const Shape& in = ctx.InputShape(0);
  if (in[2] % block != 0 || in[3] % block != 0) {
    return InvalidArgument("its input of " + ShapeString(in) + " does not divide into blocks");
  }
  PEEL_ASSIGN_OR_RETURN(const int64_t channels, Times(in[1], block * block));
  return ctx.SetOutput(0, ctx.InputType(0), {in[0], channels, in[2] / block, in[3] / block});
}

constexpr uint32_t kPadsAndAxes = 1u << 1 | 1u << 3;

constexpr OpSchema kSchemas[] = {
    {"", "DepthToSpace", 1, 1, 1, DepthToSpace}, {"", "Pad", 2, 1, 1, PadByAttribute},
    {"", "Pad", 11, 2, 3, Pad, 1, 1, 1u << 1},   {"", "Pad", 18, 2, 4, Pad, 1, 1, kPadsAndAxes},
    {"", "SpaceToDepth", 1, 1, 1, SpaceToDepth}, {"", "Tile", 6, 2, 2, Tile, 1, 1, 1u << 1},
    {"", "Transpose", 1, 1, 1, Transpose},
};

}  // namespace

std::span<const OpSchema> MovementSchemas() { return kSchemas; }

}  // namespace peel::engine::schemas

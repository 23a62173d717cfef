// Convolutions: ONNX's own and the fused peel.Conv.
#include <string_view>

#include "src/engine/graph/schemas/common.h"
#include "src/engine/graph/schemas/conv_shape.h"
#include "src/engine/graph/spatial.h"

namespace peel::engine::schemas {
namespace {

// The window that the weights span; kCorrupt where the node declares another one.
Result<std::vector<int64_t>> KernelOf(const Node& node, const Shape& weights) {
  std::vector<int64_t> kernel(weights.begin() + 2, weights.end());
  const std::vector<int64_t> declared = node.Ints("kernel_shape", kernel);
  if (!declared.empty() && declared != kernel) {
    return Corrupt("attribute 'kernel_shape' is " + ShapeString(declared) +
                   " where its weights have " + ShapeString(kernel));
  }
  return kernel;
}

}  // namespace

Result<Shape> ConvShape(const InferContext& ctx, int x, int w) {
  PEEL_RETURN_IF_ERROR(NeedRankAtLeast(ctx, x, 3));
  const Shape& data = ctx.InputShape(x);
  const Shape& weights = ctx.InputShape(w);
  PEEL_RETURN_IF_ERROR(NeedRank(ctx, w, static_cast<int>(data.size())));
  const int64_t group = ctx.node().Int("group", 1);
  if (group < 1 || weights[0] % group != 0) {
    return Corrupt("its " + std::to_string(weights[0]) + " filters do not divide into " +
                   std::to_string(group) + " groups");
  }
  PEEL_ASSIGN_OR_RETURN(const int64_t channels, Times(weights[1], group));
  if (channels != data[1]) {
    return InvalidArgument("its input has " + std::to_string(data[1]) +
                           " channels where its weights take " + std::to_string(channels));
  }
  PEEL_ASSIGN_OR_RETURN(const std::vector<int64_t> kernel, KernelOf(ctx.node(), weights));
  PEEL_ASSIGN_OR_RETURN(
      const Window window,
      ResolveWindow(ctx.node(), std::vector<int64_t>(data.begin() + 2, data.end()), kernel));
  Shape out = {data[0], weights[0]};
  out.insert(out.end(), window.output.begin(), window.output.end());
  return out;
}

namespace {

Status CheckBias(const InferContext& ctx, int i, int64_t channels) {
  if (!ctx.HasInput(i)) return OkStatus();
  PEEL_RETURN_IF_ERROR(NeedSameType(ctx, i, 0));
  return NeedShape(ctx, i, {channels});
}

// Shape of the convolution of float operand 0 with the weights 1 and the bias 2.
Result<Shape> BiasedConvShape(const InferContext& ctx) {
  PEEL_RETURN_IF_ERROR(NeedType(ctx, 0, kFloats));
  PEEL_RETURN_IF_ERROR(NeedSameType(ctx, 1, 0));
  PEEL_ASSIGN_OR_RETURN(Shape shape, ConvShape(ctx, 0, 1));
  PEEL_RETURN_IF_ERROR(CheckBias(ctx, 2, shape[1]));
  return shape;
}

Status Conv(InferContext& ctx) {
  PEEL_ASSIGN_OR_RETURN(Shape shape, BiasedConvShape(ctx));
  return ctx.SetOutput(0, ctx.InputType(0), std::move(shape));
}

constexpr std::string_view kActivations[] = {
    "",           "none", "relu", "leaky_relu", "clip",    "sigmoid", "tanh", "hard_sigmoid",
    "hard_swish", "silu", "gelu", "elu",        "softplus"};

Status CheckActivation(const InferContext& ctx) {
  const std::string activation = ctx.node().String("activation", "");
  for (const std::string_view name : kActivations) {
    if (name == activation) return OkStatus();
  }
  return Corrupt("attribute 'activation' is '" + activation + "'");
}

// Inputs X, W, [B], [Residual]; activation(conv(X, W) + B + Residual).
Status PeelConv(InferContext& ctx) {
  PEEL_RETURN_IF_ERROR(CheckActivation(ctx));
  PEEL_ASSIGN_OR_RETURN(Shape shape, BiasedConvShape(ctx));
  if (ctx.HasInput(3)) {
    PEEL_RETURN_IF_ERROR(NeedSameType(ctx, 3, 0));
    PEEL_RETURN_IF_ERROR(NeedShape(ctx, 3, shape));
  }
  return ctx.SetOutput(0, ctx.InputType(0), std::move(shape));
}

// Inputs X, W, [B]; the largest of each 2×2 of activation(conv(X, W) + B), whose extents are even.
Status ConvMaxPool(InferContext& ctx) {
  PEEL_RETURN_IF_ERROR(CheckActivation(ctx));
  PEEL_ASSIGN_OR_RETURN(Shape shape, BiasedConvShape(ctx));
  if (shape.size() != 4 || shape[2] % 2 != 0 || shape[3] % 2 != 0) {
    return InvalidArgument("cannot pool a result of shape " + ShapeString(shape) + " by pairs");
  }
  shape[2] /= 2;
  shape[3] /= 2;
  return ctx.SetOutput(0, ctx.InputType(0), std::move(shape));
}

// Weights are [channels in][filters / group][kernel…].
Status ConvTranspose(InferContext& ctx) {
  PEEL_RETURN_IF_ERROR(NeedType(ctx, 0, kFloats));
  PEEL_RETURN_IF_ERROR(NeedSameType(ctx, 1, 0));
  PEEL_RETURN_IF_ERROR(NeedRankAtLeast(ctx, 0, 3));
  const Shape& data = ctx.InputShape(0);
  const Shape& weights = ctx.InputShape(1);
  PEEL_RETURN_IF_ERROR(NeedRank(ctx, 1, static_cast<int>(data.size())));
  const int64_t group = ctx.node().Int("group", 1);
  if (group < 1 || data[1] % group != 0) {
    return Corrupt("its " + std::to_string(data[1]) + " channels do not divide into " +
                   std::to_string(group) + " groups");
  }
  if (weights[0] != data[1]) {
    return InvalidArgument("its input has " + std::to_string(data[1]) +
                           " channels where its weights take " + std::to_string(weights[0]));
  }
  PEEL_ASSIGN_OR_RETURN(const std::vector<int64_t> kernel, KernelOf(ctx.node(), weights));
  PEEL_ASSIGN_OR_RETURN(
      const Window window,
      ResolveTransposedWindow(ctx.node(), std::vector<int64_t>(data.begin() + 2, data.end()),
                              kernel));
  PEEL_ASSIGN_OR_RETURN(const int64_t filters, Times(weights[1], group));
  PEEL_RETURN_IF_ERROR(CheckBias(ctx, 2, filters));
  Shape out = {data[0], filters};
  out.insert(out.end(), window.output.begin(), window.output.end());
  return ctx.SetOutput(0, ctx.InputType(0), std::move(out));
}

constexpr OpSchema kSchemas[] = {
    {"", "Conv", 1, 2, 3, Conv},
    {"", "ConvTranspose", 1, 2, 3, ConvTranspose},
    {"peel", "Conv", 1, 2, 4, PeelConv},
    {"peel", "ConvMaxPool", 1, 2, 3, ConvMaxPool},
};

}  // namespace

std::span<const OpSchema> ConvSchemas() { return kSchemas; }

}  // namespace peel::engine::schemas

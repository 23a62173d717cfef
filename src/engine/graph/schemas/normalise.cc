// Normalisations and the softmax family: the shape stays, the parameters must fit.
#include "src/engine/graph/schemas/common.h"

namespace peel::engine::schemas {
namespace {

Status BatchNormalization(InferContext& ctx) {
  PEEL_RETURN_IF_ERROR(NeedType(ctx, 0, kFloats));
  PEEL_RETURN_IF_ERROR(NeedRankAtLeast(ctx, 0, 1));
  if (ctx.node().Int("training_mode", 0) != 0) return Unsupported("training is not supported");
  if (ctx.opset() < 9 && ctx.node().Int("spatial", 1) == 0) {
    return Unsupported("normalising each position by itself (spatial 0) is not supported");
  }
  for (int i = 1; i < ctx.output_count(); ++i) {
    if (ctx.HasOutput(i)) return Unsupported("the statistics of training are not supported");
  }
  const Shape& data = ctx.InputShape(0);
  const int64_t channels = data.size() > 1 ? data[1] : 1;
  for (int i = 1; i <= 4; ++i) {
    // Scale, mean and so on may be wider than half-precision data since opset 14.
    PEEL_RETURN_IF_ERROR(NeedType(ctx, i, kFloats));
    PEEL_RETURN_IF_ERROR(NeedShape(ctx, i, {channels}));
  }
  return LikeInput(ctx);
}

Status InstanceNormalization(InferContext& ctx) {
  PEEL_RETURN_IF_ERROR(NeedType(ctx, 0, kFloats));
  PEEL_RETURN_IF_ERROR(NeedRankAtLeast(ctx, 0, 3));
  for (int i = 1; i <= 2; ++i) {
    PEEL_RETURN_IF_ERROR(NeedSameType(ctx, i, 0));
    PEEL_RETURN_IF_ERROR(NeedShape(ctx, i, {ctx.InputShape(0)[1]}));
  }
  return LikeInput(ctx);
}

// clip((x - mean) * scale + shift, min, max); mean and scale are of the image's own statistics for
// the channels [own_begin, own_end), and the mean is 0 for the others.
Status ChannelNorm(InferContext& ctx) {
  PEEL_RETURN_IF_ERROR(NeedType(ctx, 0, kFloats));
  PEEL_RETURN_IF_ERROR(NeedRankAtLeast(ctx, 0, 3));
  const int64_t channels = ctx.InputShape(0)[1];
  for (int i = 1; i <= 2; ++i) {
    PEEL_RETURN_IF_ERROR(NeedSameType(ctx, i, 0));
    PEEL_RETURN_IF_ERROR(NeedShape(ctx, i, {channels}));
  }
  const int64_t begin = ctx.node().Int("own_begin", 0), end = ctx.node().Int("own_end", 0);
  if (begin < 0 || begin > end || end > channels) {
    return Corrupt("channels " + std::to_string(begin) + " to " + std::to_string(end) + " of " +
                   std::to_string(channels) + " cannot have statistics of their own");
  }
  return LikeInput(ctx);
}

// Scale and bias are per group in opset 18 and per channel since 21.
Status GroupNormalization(InferContext& ctx) {
  PEEL_RETURN_IF_ERROR(NeedType(ctx, 0, kFloats));
  PEEL_RETURN_IF_ERROR(NeedRankAtLeast(ctx, 0, 2));
  PEEL_ASSIGN_OR_RETURN(const int64_t groups, NeedInt(ctx, "num_groups"));
  const int64_t channels = ctx.InputShape(0)[1];
  if (groups < 1 || channels % groups != 0) {
    return Corrupt("its " + std::to_string(channels) + " channels do not divide into " +
                   std::to_string(groups) + " groups");
  }
  for (int i = 1; i <= 2; ++i) {
    PEEL_RETURN_IF_ERROR(NeedSameType(ctx, i, 0));
    PEEL_RETURN_IF_ERROR(NeedShape(ctx, i, {ctx.opset() >= 21 ? channels : groups}));
  }
  return LikeInput(ctx);
}

Result<DataType> StashType(const InferContext& ctx) {
  const int64_t stash = ctx.node().Int("stash_type", 1);
  if (stash == 1 || stash == 10 || stash == 11 || stash == 16) return static_cast<DataType>(stash);
  return Corrupt("attribute 'stash_type' is " + std::to_string(stash));
}

// Parameters must stretch to the normalised axes.
Status CheckParameter(const InferContext& ctx, int i) {
  if (!ctx.HasInput(i)) return OkStatus();
  PEEL_RETURN_IF_ERROR(NeedType(ctx, i, kFloats));
  if (BroadcastsTo(ctx.InputShape(i), ctx.InputShape(0))) return OkStatus();
  return InvalidArgument(InputLabel(i) + " of " + ShapeString(ctx.InputShape(i)) +
                         " does not fit its input of " + ShapeString(ctx.InputShape(0)));
}

Status LayerNormalization(InferContext& ctx) {
  PEEL_RETURN_IF_ERROR(NeedType(ctx, 0, kFloats));
  const Shape& data = ctx.InputShape(0);
  PEEL_ASSIGN_OR_RETURN(const int64_t axis,
                        NormalAxis(ctx.node().Int("axis", -1), static_cast<int64_t>(data.size())));
  PEEL_RETURN_IF_ERROR(CheckParameter(ctx, 1));
  PEEL_RETURN_IF_ERROR(CheckParameter(ctx, 2));
  PEEL_ASSIGN_OR_RETURN(const DataType stash, StashType(ctx));
  Shape statistics = data;
  for (size_t i = static_cast<size_t>(axis); i < data.size(); ++i) statistics[i] = 1;
  PEEL_RETURN_IF_ERROR(LikeInput(ctx));
  PEEL_RETURN_IF_ERROR(ctx.SetOutput(1, stash, statistics));
  return ctx.SetOutput(2, stash, statistics);
}

Status RmsNormalization(InferContext& ctx) {
  PEEL_RETURN_IF_ERROR(NeedType(ctx, 0, kFloats));
  PEEL_ASSIGN_OR_RETURN(
      const int64_t axis,
      NormalAxis(ctx.node().Int("axis", -1), static_cast<int64_t>(ctx.InputShape(0).size())));
  static_cast<void>(axis);
  PEEL_RETURN_IF_ERROR(CheckParameter(ctx, 1));
  return ctx.SetOutput(0, ctx.InputType(1), ctx.InputShape(0));
}

Status AlongAxis(InferContext& ctx, int64_t fallback, bool end_allowed) {
  PEEL_RETURN_IF_ERROR(NeedType(ctx, 0, kFloats));
  const auto rank = static_cast<int64_t>(ctx.InputShape(0).size());
  const int64_t axis = ctx.node().Int("axis", fallback);
  // Before opset 13 the axis is where the tensor is folded into a matrix, which may be its end.
  if (!(end_allowed && axis == rank) && rank > 0) {
    PEEL_ASSIGN_OR_RETURN(const int64_t normal, NormalAxis(axis, rank));
    static_cast<void>(normal);
  }
  return LikeInput(ctx);
}

Status LpNormalization(InferContext& ctx) {
  const int64_t p = ctx.node().Int("p", 2);
  if (p != 1 && p != 2) return Corrupt("attribute 'p' is " + std::to_string(p));
  return AlongAxis(ctx, -1, false);
}
Status SoftmaxFolded(InferContext& ctx) { return AlongAxis(ctx, 1, true); }
Status SoftmaxAlong(InferContext& ctx) { return AlongAxis(ctx, -1, false); }

Status MeanVariance(InferContext& ctx) {
  PEEL_RETURN_IF_ERROR(NeedType(ctx, 0, kFloats));
  PEEL_ASSIGN_OR_RETURN(const auto axes,
                        NormalAxes(ctx.node().Ints("axes", {0, 2, 3}),
                                   static_cast<int64_t>(ctx.InputShape(0).size())));
  static_cast<void>(axes);
  return LikeInput(ctx);
}

Status Lrn(InferContext& ctx) {
  PEEL_RETURN_IF_ERROR(NeedType(ctx, 0, kFloats));
  PEEL_RETURN_IF_ERROR(NeedRankAtLeast(ctx, 0, 2));
  PEEL_ASSIGN_OR_RETURN(const int64_t size, NeedInt(ctx, "size"));
  if (size < 1) return Corrupt("attribute 'size' is " + std::to_string(size));
  return LikeInput(ctx);
}

constexpr OpSchema kSchemas[] = {
    {"", "BatchNormalization", 7, 5, 5, BatchNormalization, 1, 5},
    {"", "BatchNormalization", 14, 5, 5, BatchNormalization, 1, 3},
    {"", "GroupNormalization", 18, 3, 3, GroupNormalization},
    {"", "Hardmax", 1, 1, 1, SoftmaxFolded},
    {"", "Hardmax", 13, 1, 1, SoftmaxAlong},
    {"", "InstanceNormalization", 6, 3, 3, InstanceNormalization},
    {"", "LRN", 1, 1, 1, Lrn},
    {"", "LayerNormalization", 17, 2, 3, LayerNormalization, 1, 3},
    {"", "LogSoftmax", 1, 1, 1, SoftmaxFolded},
    {"", "LogSoftmax", 13, 1, 1, SoftmaxAlong},
    {"", "LpNormalization", 1, 1, 1, LpNormalization},
    {"", "MeanVarianceNormalization", 9, 1, 1, MeanVariance},
    {"", "RMSNormalization", 23, 2, 2, RmsNormalization},
    {"", "Softmax", 1, 1, 1, SoftmaxFolded},
    {"", "Softmax", 13, 1, 1, SoftmaxAlong},
    {"peel", "ChannelNorm", 1, 3, 3, ChannelNorm},
};

}  // namespace

std::span<const OpSchema> NormaliseSchemas() { return kSchemas; }

}  // namespace peel::engine::schemas

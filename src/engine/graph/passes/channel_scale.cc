#include "src/engine/graph/passes/channel_scale.h"

#include <utility>

namespace peel::engine::passes {
namespace {

// How the output channels lie in the weights: weight i belongs to channel
// i / group_size * per_group + i % group_size / inner % per_group.
struct ChannelLayout {
  int64_t channels = 0, per_group = 0, group_size = 0, inner = 0;
};

std::optional<ChannelLayout> FindLayout(const Node& node, const Tensor& weights) {
  const int64_t count = weights.elements();
  if (count == 0) return std::nullopt;
  if (node.Is("Conv") || node.Is("Conv", "peel")) {
    if (weights.rank() < 3) return std::nullopt;
    return ChannelLayout{weights.dim(0), weights.dim(0), count, count / weights.dim(0)};
  }
  if (node.Is("ConvTranspose")) {
    const int64_t groups = node.Int("group", 1);
    if (weights.rank() < 3 || groups < 1 || weights.dim(0) % groups != 0) return std::nullopt;
    const int64_t per_group = weights.dim(1);
    return ChannelLayout{per_group * groups, per_group, count / groups,
                         count / (weights.dim(0) * per_group)};
  }
  if (node.Is("Gemm") && weights.rank() == 2) {
    if (node.Float("alpha", 1) != 1 || node.Float("beta", 1) != 1) return std::nullopt;
    const bool transposed = node.Int("transB", 0) != 0;
    const int64_t channels = weights.dim(transposed ? 0 : 1);
    return ChannelLayout{channels, channels, count, transposed ? count / channels : 1};
  }
  return std::nullopt;
}

}  // namespace

std::optional<int64_t> FoldableChannels(const Rewriter& rewriter, const Node& node) {
  if (node.inputs.size() < 2 || node.outputs.size() != 1) return std::nullopt;
  const Tensor* weights = rewriter.Constant(node.inputs[1]);
  if (weights == nullptr || weights->type() != DataType::kFloat32) return std::nullopt;
  const std::optional<ChannelLayout> layout = FindLayout(node, *weights);
  if (!layout) return std::nullopt;
  if (node.inputs.size() > 2 && node.inputs[2] != kNone) {
    const Tensor* bias = rewriter.Constant(node.inputs[2]);
    if (bias == nullptr || bias->type() != DataType::kFloat32 || bias->rank() != 1 ||
        bias->elements() != layout->channels) {
      return std::nullopt;
    }
  }
  return layout->channels;
}

Status ScaleChannels(Rewriter& rewriter, NodeId n, const std::vector<double>& scale,
                     const std::vector<double>& shift) {
  Node node = rewriter.node(n);
  const Tensor weights = *rewriter.Constant(node.inputs[1]);
  const std::optional<ChannelLayout> layout = FindLayout(node, weights);
  if (!layout) return Internal("weights that cannot be scaled");
  PEEL_ASSIGN_OR_RETURN(Tensor scaled, Tensor::Allocate(DataType::kFloat32, weights.shape()));
  const auto* in = weights.data<float>();
  auto* out = scaled.data<float>();
  for (int64_t i = 0; i < weights.elements(); ++i) {
    const int64_t c = i / layout->group_size * layout->per_group +
                      i % layout->group_size / layout->inner % layout->per_group;
    out[i] = static_cast<float>(in[i] * scale[static_cast<size_t>(c)]);
  }
  PEEL_ASSIGN_OR_RETURN(Tensor bias, Tensor::Allocate(DataType::kFloat32, {layout->channels}));
  const Tensor* old = node.inputs.size() > 2 ? rewriter.Constant(node.inputs[2]) : nullptr;
  for (int64_t c = 0; c < layout->channels; ++c) {
    const auto at = static_cast<size_t>(c);
    const double before = old == nullptr ? 0 : old->data<float>()[c];
    bias.data<float>()[c] = static_cast<float>(before * scale[at] + shift[at]);
  }
  if (node.inputs.size() < 3) node.inputs.resize(3, kNone);
  node.inputs[1] = rewriter.AddConstant(node.name + "_weights", std::move(scaled));
  node.inputs[2] = rewriter.AddConstant(node.name + "_bias", std::move(bias));
  rewriter.Become(n, std::move(node));
  return OkStatus();
}

Status AbsorbIntoChannels(Rewriter& rewriter, NodeId n, NodeId source,
                          const std::vector<double>& scale, const std::vector<double>& shift) {
  const ValueId result = rewriter.node(n).outputs[0];
  rewriter.Remove(n);
  Node merged = rewriter.node(source);
  merged.outputs[0] = result;
  rewriter.Become(source, std::move(merged));
  return ScaleChannels(rewriter, source, scale, shift);
}

}  // namespace peel::engine::passes

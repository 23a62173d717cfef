// Adding, subtracting, multiplying and dividing by constants per channel after a Conv,
// ConvTranspose or Gemm that nothing else reads goes into its weights and bias.
#include <cmath>

#include "src/engine/graph/passes/channel_scale.h"
#include "src/engine/graph/passes/match.h"
#include "src/engine/graph/passes/passes.h"

namespace peel::engine::passes {
namespace {

// The constant as one number a channel, where it is a scalar or varies along the channel axis only
// and adds no axes to a tensor of that rank.
std::optional<std::vector<double>> PerChannel(const Tensor& tensor, int rank, int64_t channels) {
  if (tensor.type() != DataType::kFloat32 || tensor.rank() > rank) return std::nullopt;
  const auto* values = tensor.data<float>();
  if (tensor.elements() == 1) {
    return std::vector<double>(static_cast<size_t>(channels), values[0]);
  }
  const int axis = tensor.rank() - (rank - 1);  // of the channels, which are axis 1 of the data
  if (axis < 0 || tensor.elements() != channels || tensor.dim(axis) != channels) {
    return std::nullopt;
  }
  return std::vector<double>(values, values + channels);
}

}  // namespace

Result<int> FoldAffine(Graph& graph, const PassContext&) {
  Rewriter rewriter(graph);
  int changes = 0;
  for (NodeId n = 0; n < rewriter.node_count(); ++n) {
    const Node& node = rewriter.node(n);
    const bool add = node.Is("Add"), subtract = node.Is("Sub");
    const bool multiply = node.Is("Mul"), divide = node.Is("Div");
    if (!(add || subtract || multiply || divide) || node.inputs.size() != 2) continue;
    // Subtraction and division only with the constant on the right.
    const bool constant_left = (add || multiply) && rewriter.Constant(node.inputs[0]) != nullptr;
    const ValueId data = node.inputs[constant_left ? 1 : 0];
    const Tensor* constant = rewriter.Constant(node.inputs[constant_left ? 0 : 1]);
    const NodeId source = rewriter.Producer(data);
    if (constant == nullptr || source == kNone || rewriter.SoleReader(data) != n) continue;
    if (rewriter.node(source).domain == "peel") continue;
    const auto channels = FoldableChannels(rewriter, rewriter.node(source));
    if (!channels) continue;
    const int rank = rewriter.Constant(rewriter.node(source).inputs[1])->rank();
    const auto values = PerChannel(*constant, rank, *channels);
    if (!values) continue;
    std::vector<double> scale(values->size(), 1), shift(values->size(), 0);
    bool finite = true;
    for (size_t c = 0; c < values->size(); ++c) {
      const double v = (*values)[c];
      if (add || subtract) shift[c] = add ? v : -v;
      if (multiply || divide) scale[c] = multiply ? v : 1 / v;
      finite = finite && std::isfinite(scale[c]) && std::isfinite(shift[c]);
    }
    if (!finite) continue;
    PEEL_RETURN_IF_ERROR(AbsorbIntoChannels(rewriter, n, source, scale, shift));
    ++changes;
  }
  return changes;
}

}  // namespace peel::engine::passes

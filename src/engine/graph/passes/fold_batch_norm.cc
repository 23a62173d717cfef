// BatchNormalization after a Conv, ConvTranspose or Gemm that nothing else reads goes into its
// weights and bias.
#include <cmath>

#include "src/engine/graph/passes/channel_scale.h"
#include "src/engine/graph/passes/passes.h"

namespace peel::engine::passes {
namespace {

// Scale and shift per channel; false where a parameter is not a known list of as many numbers.
bool Affine(const Rewriter& rewriter, const Node& norm, size_t channels, std::vector<double>* scale,
            std::vector<double>* shift) {
  std::vector<float> parameters[4];  // gamma, beta, mean, variance
  for (size_t i = 0; i < 4; ++i) {
    const Tensor* tensor = rewriter.Constant(norm.inputs[i + 1]);
    if (tensor == nullptr) return false;
    Result<std::vector<float>> values = tensor->AsFloats();
    if (!values.ok() || values->size() != channels) return false;
    parameters[i] = *std::move(values);
  }
  const double epsilon = norm.Float("epsilon", 1e-5f);
  for (size_t c = 0; c < channels; ++c) {
    scale->push_back(parameters[0][c] / std::sqrt(parameters[3][c] + epsilon));
    shift->push_back(parameters[1][c] - parameters[2][c] * scale->back());
    if (!std::isfinite(scale->back()) || !std::isfinite(shift->back())) return false;
  }
  return true;
}

}  // namespace

Result<int> FoldBatchNorm(Graph& graph, const PassContext&) {
  Rewriter rewriter(graph);
  int changes = 0;
  for (NodeId n = 0; n < rewriter.node_count(); ++n) {
    const Node& norm = rewriter.node(n);
    if (!norm.Is("BatchNormalization") || norm.inputs.size() != 5 || norm.outputs.size() != 1 ||
        norm.Int("training_mode", 0) != 0 || norm.Int("spatial", 1) == 0) {
      continue;
    }
    const ValueId between = norm.inputs[0];
    const NodeId source = rewriter.Producer(between);
    if (source == kNone || rewriter.SoleReader(between) != n) continue;
    if (rewriter.node(source).domain == "peel") continue;
    const auto channels = FoldableChannels(rewriter, rewriter.node(source));
    if (!channels) continue;
    std::vector<double> scale, shift;
    if (!Affine(rewriter, norm, static_cast<size_t>(*channels), &scale, &shift)) continue;
    PEEL_RETURN_IF_ERROR(AbsorbIntoChannels(rewriter, n, source, scale, shift));
    ++changes;
  }
  return changes;
}

}  // namespace peel::engine::passes

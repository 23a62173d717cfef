// An activation on the result of a convolution that nothing else reads becomes part of peel.Conv.
#include <cmath>
#include <limits>
#include <optional>
#include <string>

#include "src/engine/graph/passes/fused_conv.h"
#include "src/engine/graph/passes/match.h"
#include "src/engine/graph/passes/passes.h"
#include "src/engine/graph/rewriter.h"

namespace peel::engine::passes {
namespace {

struct Fused {
  std::string name;
  float alpha = 0, beta = 0;
};

std::optional<Fused> FromClip(const Rewriter& rewriter, const Node& node) {
  const auto bounds = ClipBounds(rewriter, node);
  if (!bounds || !(bounds->first <= bounds->second)) return std::nullopt;
  if (bounds->first == 0 && bounds->second >= std::numeric_limits<float>::max()) {
    return Fused{"relu"};
  }
  return Fused{"clip", bounds->first, bounds->second};
}

std::optional<Fused> FromNode(const Rewriter& rewriter, const Node& node) {
  if (node.Is("Relu")) return Fused{"relu"};
  if (node.Is("LeakyRelu")) return Fused{"leaky_relu", node.Float("alpha", 0.01f)};
  if (node.Is("Clip")) return FromClip(rewriter, node);
  if (node.Is("Sigmoid")) return Fused{"sigmoid"};
  if (node.Is("Tanh")) return Fused{"tanh"};
  if (node.Is("HardSigmoid")) {
    return Fused{"hard_sigmoid", node.Float("alpha", 0.2f), node.Float("beta", 0.5f)};
  }
  if (node.Is("HardSwish")) return Fused{"hard_swish"};
  if (node.Is("Swish") && node.Float("alpha", 1) == 1) return Fused{"silu"};
  if (node.Is("Gelu") && node.String("approximate", "none") == "none") return Fused{"gelu"};
  if (node.Is("Elu")) return Fused{"elu", node.Float("alpha", 1)};
  if (node.Is("Softplus")) return Fused{"softplus"};
  return std::nullopt;
}

}  // namespace

Result<int> FuseActivation(Graph& graph, const PassContext&) {
  Rewriter rewriter(graph);
  int changes = 0;
  for (NodeId n = 0; n < rewriter.node_count(); ++n) {
    const Node& node = rewriter.node(n);
    if (node.inputs.empty() || node.outputs.size() != 1) continue;
    const NodeId conv = rewriter.Producer(node.inputs[0]);
    if (conv == kNone || !IsPlainConv(rewriter.node(conv))) continue;
    if (rewriter.SoleReader(node.inputs[0]) != n) continue;
    const std::optional<Fused> activation = FromNode(rewriter, node);
    if (!activation) continue;
    Node fused = AsPeelConv(rewriter.node(conv));
    fused.attributes["activation"] = activation->name;
    fused.attributes["activation_alpha"] = activation->alpha;
    fused.attributes["activation_beta"] = activation->beta;
    fused.outputs = node.outputs;
    rewriter.Remove(n);
    rewriter.Become(conv, std::move(fused));
    ++changes;
  }
  return changes;
}

}  // namespace peel::engine::passes

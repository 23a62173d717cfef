// Adding a tensor of the same shape to the result of a convolution that nothing else reads becomes
// peel.Conv's residual; where the convolution has its activation already, one that is added after
// it. Only where both shapes are known: otherwise the sum might broadcast.
#include <utility>

#include "src/engine/graph/passes/fused_conv.h"
#include "src/engine/graph/passes/match.h"
#include "src/engine/graph/passes/passes.h"
#include "src/engine/graph/rewriter.h"

namespace peel::engine::passes {
namespace {

bool CanTakeResidual(const Node& node) {
  return (node.Is("Conv") || node.Is("Conv", "peel")) &&
         (node.inputs.size() < 4 || node.inputs[3] == kNone);
}

}  // namespace

Result<int> FuseResidual(Graph& graph, const PassContext&) {
  Rewriter rewriter(graph);
  int changes = 0;
  for (NodeId n = 0; n < rewriter.node_count(); ++n) {
    const Node& add = rewriter.node(n);
    if (!add.Is("Add") || add.inputs.size() != 2 || add.inputs[0] == add.inputs[1]) continue;
    const auto& a = graph.value(add.inputs[0]).shape;
    const auto& b = graph.value(add.inputs[1]).shape;
    if (!a || !b || *a != *b) continue;
    // Of two convolutions the one without an activation, which can take the sum's; else the later
    // one, so that the earlier one's result is there when it runs.
    NodeId conv = kNone;
    for (const ValueId v : add.inputs) {
      const NodeId producer = rewriter.Producer(v);
      if (producer == kNone || rewriter.SoleReader(v) != n) continue;
      if (!CanTakeResidual(rewriter.node(producer))) continue;
      const auto rank = [&](NodeId id) {
        return std::pair(id != kNone && IsPlainConv(rewriter.node(id)), id);
      };
      if (conv == kNone || rank(producer) > rank(conv)) conv = producer;
    }
    if (conv == kNone) continue;
    Node fused = AsPeelConv(rewriter.node(conv));
    const ValueId residual = OtherOperand(add, fused.outputs[0]);
    fused.inputs.resize(4, kNone);
    fused.inputs[3] = residual;
    if (!IsPlainConv(fused)) fused.attributes["residual_after"] = int64_t{1};
    fused.outputs = add.outputs;
    rewriter.Remove(conv);
    rewriter.Become(n, std::move(fused));  // here the residual is certainly computed
    ++changes;
  }
  return changes;
}

}  // namespace peel::engine::passes

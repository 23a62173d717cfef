// Replaces nodes whose operands are all known by their results: Constant, weights behind casts,
// arithmetic on constants, and the shape of inputs that the file declares in full. Quantised
// weights stay as they are: integer kernels want the bytes, and those that none takes are made
// float32 when a plan is made.
#include "src/engine/graph/fold.h"
#include "src/engine/graph/passes/passes.h"
#include "src/engine/graph/schema.h"

namespace peel::engine::passes {
namespace {

// Inference needs the shapes of all operands.
bool ShapesKnown(const Graph& graph, const Node& node) {
  for (const ValueId v : node.inputs) {
    if (v != kNone && !graph.value(v).shape) return false;
  }
  return true;
}

}  // namespace

Result<int> FoldConstants(Graph& graph, const PassContext& context) {
  Folder folder(context.evaluate);
  std::vector<Node> kept;
  kept.reserve(graph.nodes.size());
  int changes = 0;
  for (Node& node : graph.nodes) {
    if (node.Is("DequantizeLinear")) {
      kept.push_back(std::move(node));
      continue;
    }
    const bool shape_only = node.Is("Shape") || node.Is("Size");
    bool constant = true;
    for (const ValueId v : node.inputs) {
      constant = constant && (v == kNone || graph.value(v).is_constant());
    }
    // A node that cannot be inferred or computed is left for specialisation to complain about.
    if ((constant || shape_only) && ShapesKnown(graph, node) && InferNode(graph, node).ok()) {
      const Result<bool> folded = folder.Fold(graph, node);
      if (folded.ok() && *folded) {
        ++changes;
        continue;
      }
    }
    kept.push_back(std::move(node));
  }
  graph.nodes = std::move(kept);
  return changes;
}

}  // namespace peel::engine::passes

// x * sigmoid(x) becomes Swish (also called SiLU).
#include "src/engine/graph/passes/passes.h"
#include "src/engine/graph/rewriter.h"

namespace peel::engine::passes {

Result<int> FuseSwish(Graph& graph, const PassContext&) {
  Rewriter rewriter(graph);
  int changes = 0;
  for (NodeId n = 0; n < rewriter.node_count(); ++n) {
    const Node& node = rewriter.node(n);
    if (!node.Is("Mul") || node.inputs.size() != 2) continue;
    for (size_t i = 0; i < 2; ++i) {
      const Node* sigmoid = rewriter.ProducerIs(node.inputs[i], "Sigmoid");
      if (sigmoid == nullptr || sigmoid->inputs[0] != node.inputs[1 - i]) continue;
      Node swish;
      swish.name = node.name;
      swish.op_type = "Swish";
      swish.opset = 24;
      swish.inputs = {sigmoid->inputs[0]};
      swish.outputs = node.outputs;
      rewriter.Become(n, std::move(swish));
      ++changes;
      break;
    }
  }
  return changes;
}

}  // namespace peel::engine::passes

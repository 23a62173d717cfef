// clip(x + 3, 0, 6) / 6 becomes HardSigmoid, and x times that HardSwish, in the ways exporters
// write them.
#include <cmath>

#include "src/engine/graph/passes/match.h"
#include "src/engine/graph/passes/passes.h"
#include "src/engine/graph/rewriter.h"

namespace peel::engine::passes {
namespace {

Node Activation(const Node& at, const char* op, ValueId x) {
  Node node;
  node.name = at.name;
  node.op_type = op;
  node.opset = 14;
  node.inputs = {x};
  node.outputs = at.outputs;
  return node;
}

// x of clip(x + 3, 0, 6).
ValueId ClippedPlusThree(const Rewriter& rewriter, ValueId v) {
  const Node* clip = rewriter.ProducerIs(v, "Clip");
  if (clip == nullptr) return kNone;
  const auto bounds = ClipBounds(rewriter, *clip);
  if (!bounds || bounds->first != 0 || std::abs(bounds->second - 6) > 1e-3f) return kNone;
  const Node* add = rewriter.ProducerIs(clip->inputs[0], "Add");
  return add == nullptr ? kNone : OperandBesideScalar(rewriter, *add, 3);
}

// v where the node divides it by six.
ValueId Sixth(const Rewriter& rewriter, const Node& node) {
  if (node.Is("Mul")) return OperandBesideScalar(rewriter, node, 1.0 / 6);
  if (node.Is("Div") && node.inputs.size() == 2 && IsScalar(rewriter, node.inputs[1], 6)) {
    return node.inputs[0];
  }
  return kNone;
}

// x of x * clip(x + 3, 0, 6).
ValueId TimesClipped(const Rewriter& rewriter, ValueId v) {
  const Node* mul = rewriter.ProducerIs(v, "Mul");
  if (mul == nullptr || mul->inputs.size() != 2) return kNone;
  for (size_t i = 0; i < 2; ++i) {
    const ValueId x = ClippedPlusThree(rewriter, mul->inputs[i]);
    if (x != kNone && x == mul->inputs[1 - i]) return x;
  }
  return kNone;
}

// x of the HardSigmoid that belongs to HardSwish.
ValueId SixthHardSigmoid(const Rewriter& rewriter, ValueId v) {
  const Node* node = rewriter.ProducerIs(v, "HardSigmoid");
  if (node == nullptr || std::abs(node->Float("alpha", 0.2f) - 1.0f / 6) > 1e-3f ||
      std::abs(node->Float("beta", 0.5f) - 0.5f) > 1e-3f) {
    return kNone;
  }
  return node->inputs[0];
}

}  // namespace

Result<int> FuseHardSwish(Graph& graph, const PassContext&) {
  Rewriter rewriter(graph);
  int changes = 0;
  for (NodeId n = 0; n < rewriter.node_count(); ++n) {
    const Node& node = rewriter.node(n);
    const ValueId six_times = Sixth(rewriter, node);
    if (six_times != kNone) {
      if (const ValueId x = TimesClipped(rewriter, six_times); x != kNone) {
        rewriter.Become(n, Activation(node, "HardSwish", x));
        ++changes;
        continue;
      }
      if (const ValueId x = ClippedPlusThree(rewriter, six_times); x != kNone) {
        Node sigmoid = Activation(node, "HardSigmoid", x);
        sigmoid.attributes["alpha"] = 1.0f / 6;
        sigmoid.attributes["beta"] = 0.5f;
        rewriter.Become(n, std::move(sigmoid));
        ++changes;
        continue;
      }
    }
    if (!node.Is("Mul") || node.inputs.size() != 2) continue;
    for (size_t i = 0; i < 2; ++i) {
      const ValueId x = SixthHardSigmoid(rewriter, node.inputs[i]);
      if (x == kNone || x != node.inputs[1 - i]) continue;
      rewriter.Become(n, Activation(node, "HardSwish", x));
      ++changes;
      break;
    }
  }
  return changes;
}

}  // namespace peel::engine::passes

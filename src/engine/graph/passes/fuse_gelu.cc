// x * 0.5 * (1 + erf(x / sqrt(2))), in any order of its factors, becomes Gelu.
#include "src/engine/graph/passes/match.h"
#include "src/engine/graph/passes/passes.h"
#include "src/engine/graph/rewriter.h"

namespace peel::engine::passes {
namespace {

constexpr double kSqrt2 = 1.4142135623730951;

// x of x / sqrt(2) or x * sqrt(1/2).
ValueId ScaledBySqrtHalf(const Rewriter& rewriter, ValueId v) {
  if (const Node* div = rewriter.ProducerIs(v, "Div")) {
    return IsScalar(rewriter, div->inputs[1], kSqrt2) ? div->inputs[0] : kNone;
  }
  if (const Node* mul = rewriter.ProducerIs(v, "Mul")) {
    return OperandBesideScalar(rewriter, *mul, 1 / kSqrt2);
  }
  return kNone;
}

// v where the node halves it; kNone otherwise.
ValueId Halved(const Rewriter& rewriter, const Node& node) {
  if (node.Is("Mul")) return OperandBesideScalar(rewriter, node, 0.5);
  if (node.Is("Div") && IsScalar(rewriter, node.inputs[1], 2)) return node.inputs[0];
  return kNone;
}

// Whether v is h / 2 of the given h.
bool IsHalfOf(const Rewriter& rewriter, ValueId v, ValueId h) {
  const NodeId n = rewriter.Producer(v);
  return n != kNone && Halved(rewriter, rewriter.node(n)) == h;
}

}  // namespace

Result<int> FuseGelu(Graph& graph, const PassContext&) {
  Rewriter rewriter(graph);
  int changes = 0;
  for (NodeId n = 0; n < rewriter.node_count(); ++n) {
    if (rewriter.removed(n) || !rewriter.node(n).Is("Erf")) continue;
    const Node& erf = rewriter.node(n);
    const ValueId x = ScaledBySqrtHalf(rewriter, erf.inputs[0]);
    const NodeId plus = x == kNone ? kNone : rewriter.SoleReader(erf.outputs[0]);
    if (plus == kNone || !rewriter.node(plus).Is("Add")) continue;
    if (OperandBesideScalar(rewriter, rewriter.node(plus), 1) != erf.outputs[0]) continue;
    const ValueId one_plus = rewriter.node(plus).outputs[0];
    NodeId last = rewriter.SoleReader(one_plus);
    if (last == kNone) continue;
    ValueId other = kNone;  // the factor beside 1 + erf in the product
    ValueId factor = one_plus;
    bool halved = false;
    if (Halved(rewriter, rewriter.node(last)) == one_plus) {  // (1 + erf) / 2 first
      halved = true;
      factor = rewriter.node(last).outputs[0];
      last = rewriter.SoleReader(factor);
      if (last == kNone) continue;
    }
    if (!rewriter.node(last).Is("Mul")) continue;
    other = OtherOperand(rewriter.node(last), factor);
    if (other == kNone) continue;
    if (!halved && other == x) {  // x * (1 + erf), to be halved yet
      const NodeId half = rewriter.SoleReader(rewriter.node(last).outputs[0]);
      if (half == kNone ||
          Halved(rewriter, rewriter.node(half)) != rewriter.node(last).outputs[0]) {
        continue;
      }
      last = half;
    } else if (halved ? other != x : !IsHalfOf(rewriter, other, x)) {
      continue;
    }
    Node gelu;
    gelu.name = rewriter.node(last).name;
    gelu.op_type = "Gelu";
    gelu.opset = 20;
    gelu.inputs = {x};
    gelu.outputs = rewriter.node(last).outputs;
    rewriter.Become(last, std::move(gelu));
    ++changes;
  }
  return changes;
}

}  // namespace peel::engine::passes

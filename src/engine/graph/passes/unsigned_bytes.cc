// Activations quantised to int8 become uint8 with the zero point 128 higher, which is the same
// numbers: the kernels then know one kind of activation. Taken where only DequantizeLinear reads
// the quantised tensor. Shape nodes read the bytes behind a DequantizeLinear, so that they keep no
// float tensor alive.
#include <cstdint>
#include <string>
#include <vector>

#include "src/engine/graph/passes/passes.h"
#include "src/engine/graph/rewriter.h"

namespace peel::engine::passes {
namespace {

const Tensor* Int8ZeroPoint(const Rewriter& rewriter, const Node& node) {
  if (node.inputs.size() < 3) return nullptr;
  const Tensor* zero = rewriter.Constant(node.inputs[2]);
  return zero && zero->type() == DataType::kInt8 && zero->elements() == 1 ? zero : nullptr;
}

// The node with the same zero point in uint8.
Result<Node> Raised(Rewriter& rewriter, NodeId n, const Tensor& zero) {
  PEEL_ASSIGN_OR_RETURN(Tensor raised, Tensor::Allocate(DataType::kUint8, zero.shape()));
  *raised.data<uint8_t>() = static_cast<uint8_t>(*zero.data<int8_t>() + 128);
  const std::string name = rewriter.graph().value(rewriter.node(n).inputs[2]).name;
  const ValueId constant = rewriter.AddConstant(name + "/uint8", std::move(raised));
  Node node = rewriter.node(n);
  node.inputs[2] = constant;
  node.attributes.erase("output_dtype");
  return node;
}

}  // namespace

Result<int> UnsignedBytes(Graph& graph, const PassContext&) {
  const std::vector<std::vector<NodeId>> consumers = graph.Consumers();
  Rewriter rewriter(graph);
  int changes = 0;
  const NodeId count = rewriter.node_count();
  for (NodeId n = 0; n < count; ++n) {
    const Node& node = rewriter.node(n);
    if (node.Is("Shape") && node.inputs.size() == 1) {
      const Node* source = rewriter.ProducerIs(node.inputs[0], "DequantizeLinear");
      if (source == nullptr) continue;
      Node shape = node;
      shape.inputs[0] = source->inputs[0];
      rewriter.Become(n, std::move(shape));
      ++changes;
      continue;
    }
    if (!node.Is("QuantizeLinear") || node.outputs.size() != 1) continue;
    const ValueId bytes = node.outputs[0];
    const Tensor* zero = Int8ZeroPoint(rewriter, node);
    if (zero == nullptr || rewriter.IsOutput(bytes)) continue;
    bool plain = true;
    for (const NodeId reader : consumers[static_cast<size_t>(bytes)]) {
      const Node& to = rewriter.node(reader);
      const bool shape = to.Is("Shape");
      plain = plain && (shape || (to.Is("DequantizeLinear") && to.inputs[0] == bytes &&
                                  Int8ZeroPoint(rewriter, to) != nullptr));
    }
    if (!plain) continue;
    for (const NodeId reader : consumers[static_cast<size_t>(bytes)]) {
      // A reader is listed once for each operand, and has one that is bytes.
      const Tensor* its_zero = Int8ZeroPoint(rewriter, rewriter.node(reader));
      if (its_zero == nullptr) continue;
      PEEL_ASSIGN_OR_RETURN(Node raised, Raised(rewriter, reader, *its_zero));
      rewriter.Become(reader, std::move(raised));
    }
    PEEL_ASSIGN_OR_RETURN(Node raised, Raised(rewriter, n, *zero));
    rewriter.Become(n, std::move(raised));
    graph.value(bytes).type = DataType::kUint8;
    ++changes;
  }
  return changes;
}

}  // namespace peel::engine::passes

// Lets a half-precision model compute in single precision: constants are widened once, casts to
// half precision cast to single precision, inputs are widened and outputs narrowed at the border.
// The results are at least as exact, and every kernel is at its fastest in single precision. Only
// done where the model has matrix products or convolutions in half precision; what merely passes
// half-precision numbers through is left as it is.
#include <utility>

#include "src/base/float16.h"
#include "src/engine/graph/passes/passes.h"
#include "src/engine/graph/rewriter.h"
#include "src/engine/graph/types.h"

namespace peel::engine::passes {
namespace {

bool IsHalf(DataType type) { return type == DataType::kFloat16 || type == DataType::kBfloat16; }

bool WorthWidening(const Graph& graph) {
  for (const Node& node : graph.nodes) {
    for (const char* op : {"Conv", "ConvTranspose", "Gemm", "MatMul"}) {
      if (node.Is(op) && !node.inputs.empty() && node.inputs[0] != kNone &&
          IsHalf(graph.value(node.inputs[0]).type)) {
        return true;
      }
    }
  }
  return false;
}

Result<Tensor> Widened(const Tensor& tensor) {
  PEEL_ASSIGN_OR_RETURN(Tensor wide, Tensor::Allocate(DataType::kFloat32, tensor.shape()));
  const auto* in = tensor.data<uint16_t>();
  auto* out = wide.data<float>();
  const bool half = tensor.type() == DataType::kFloat16;
  for (int64_t i = 0; i < tensor.elements(); ++i) {
    out[i] = half ? HalfToFloat(in[i]) : Bfloat16ToFloat(in[i]);
  }
  return wide;
}

// Attributes that name or hold the type of the result.
Status WidenAttributes(Node& node) {
  for (const char* name : {"to", "dtype", "output_dtype"}) {
    const auto it = node.attributes.find(name);
    if (it == node.attributes.end()) continue;
    auto* number = std::get_if<int64_t>(&it->second);
    if (number != nullptr && IsHalf(static_cast<DataType>(*number))) {
      *number = static_cast<int64_t>(DataType::kFloat32);
    }
  }
  const auto it = node.attributes.find("value");
  if (it == node.attributes.end()) return OkStatus();
  auto* tensor = std::get_if<Tensor>(&it->second);
  if (tensor != nullptr && IsHalf(tensor->type())) {
    PEEL_ASSIGN_OR_RETURN(*tensor, Widened(*tensor));
  }
  return OkStatus();
}

Node CastNode(std::string name, ValueId from, ValueId to, DataType type) {
  Node node;
  node.name = std::move(name);
  node.op_type = "Cast";
  node.opset = 13;
  node.inputs = {from};
  node.outputs = {to};
  node.attributes["to"] = static_cast<int64_t>(type);
  return node;
}

}  // namespace

Result<int> WidenHalf(Graph& graph, const PassContext&) {
  if (!InferTypes(graph) || !WorthWidening(graph)) return 0;
  int changes = 0;
  std::vector<Node> before, after;
  // Outputs first, while it can still be told which are half.
  for (Port& port : graph.outputs) {
    const DataType type = graph.value(port.value).type;
    if (!IsHalf(type)) continue;
    Value narrow;
    narrow.name = port.name;
    narrow.type = type;
    narrow.shape = graph.value(port.value).shape;
    const ValueId wide = port.value;
    port.value = graph.AddValue(std::move(narrow));
    after.push_back(CastNode("narrow_" + port.name, wide, port.value, type));
    ++changes;
  }
  {
    Rewriter rewriter(graph);
    for (const Port& port : graph.inputs) {
      const Value& value = graph.value(port.value);
      if (!IsHalf(value.type)) continue;
      const std::optional<Shape> shape = value.shape;
      const ValueId wide = rewriter.AddValue(port.name + "_wide", DataType::kFloat32);
      graph.value(wide).shape = shape;
      rewriter.Replace(port.value, wide);
      before.push_back(CastNode("widen_" + port.name, port.value, wide, DataType::kFloat32));
      ++changes;
    }
  }
  std::vector<char> is_border(graph.values.size(), 0);
  for (const Port& port : graph.inputs) is_border[static_cast<size_t>(port.value)] = 1;
  for (const Port& port : graph.outputs) is_border[static_cast<size_t>(port.value)] = 1;
  for (size_t v = 0; v < graph.values.size(); ++v) {
    Value& value = graph.values[v];
    if (is_border[v] || !IsHalf(value.type)) continue;
    if (value.is_constant()) {
      PEEL_ASSIGN_OR_RETURN(value.constant, Widened(value.constant));
      ++changes;
    }
    value.type = DataType::kFloat32;
  }
  for (Node& node : graph.nodes) PEEL_RETURN_IF_ERROR(WidenAttributes(node));
  before.insert(before.end(), std::make_move_iterator(graph.nodes.begin()),
                std::make_move_iterator(graph.nodes.end()));
  before.insert(before.end(), std::make_move_iterator(after.begin()),
                std::make_move_iterator(after.end()));
  graph.nodes = std::move(before);
  return changes;
}

}  // namespace peel::engine::passes

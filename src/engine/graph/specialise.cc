#include "src/engine/graph/specialise.h"

#include <utility>

#include "src/engine/graph/dead_code.h"
#include "src/engine/graph/fold.h"
#include "src/engine/graph/port.h"
#include "src/engine/graph/schema.h"

namespace peel::engine {
namespace {

Status CheckDeclared(const Port& port, const Shape& shape) {
  if (ShapeFits(port, shape)) return OkStatus();
  return InvalidArgument("input '" + port.name + "' is " + ShapeString(shape) +
                         "; the model takes " + DeclaredShape(port));
}

// Gives an input its shape and, where the binding has one, its value.
Status BindInput(Graph& graph, const Port& port, const Binding& binding) {
  Value& value = graph.value(port.value);
  const auto tensor = binding.values.find(port.name);
  const auto shape = binding.shapes.find(port.name);
  if (shape != binding.shapes.end()) {
    value.shape = shape->second;
  } else if (tensor != binding.values.end()) {
    value.shape = tensor->second.shape();
  } else if (!value.shape) {
    return InvalidArgument("the shape of input '" + port.name + "' is not given; the model takes " +
                           DeclaredShape(port));
  }
  PEEL_RETURN_IF_ERROR(CheckDeclared(port, *value.shape));
  PEEL_ASSIGN_OR_RETURN(const int64_t count, ElementCount(*value.shape));
  if (count > kMaxTensorElements) {
    return LimitExceeded("input '" + port.name + "' of " + ShapeString(*value.shape) +
                         " is too large");
  }
  if (tensor == binding.values.end()) return OkStatus();
  if (tensor->second.type() != port.type || tensor->second.shape() != *value.shape) {
    return InvalidArgument(
        "the value of input '" + port.name + "' is " + ShapeString(tensor->second.shape()) +
        " of " + DataTypeName(tensor->second.type()) + " where " + ShapeString(*value.shape) +
        " of " + DataTypeName(port.type) + " is needed");
  }
  value.constant = tensor->second;
  return OkStatus();
}

}  // namespace

Status Specialise(Graph& graph, const Binding& binding, Evaluator evaluate) {
  for (const Port& port : graph.inputs) PEEL_RETURN_IF_ERROR(BindInput(graph, port, binding));
  RemoveDeadCode(graph);
  Folder folder(&evaluate);
  std::vector<Node> kept;
  kept.reserve(graph.nodes.size());
  for (Node& node : graph.nodes) {
    PEEL_RETURN_IF_ERROR(InferNode(graph, node));
    PEEL_ASSIGN_OR_RETURN(const bool folded, folder.Fold(graph, node));
    if (!folded) kept.push_back(std::move(node));
  }
  graph.nodes = std::move(kept);
  RemoveDeadCode(graph);
  return OkStatus();
}

std::vector<std::string> ShapeDecidingInputs(const Graph& graph) {
  const std::vector<NodeId> producers = graph.Producers();
  std::vector<char> needed(graph.values.size(), 0);
  std::vector<ValueId> open;
  const auto need = [&](ValueId v) {
    if (v == kNone || needed[static_cast<size_t>(v)] || graph.value(v).is_constant()) return;
    needed[static_cast<size_t>(v)] = 1;
    open.push_back(v);
  };
  for (const Node& node : graph.nodes) {
    const OpSchema* schema = FindSchema(node.domain, node.op_type, node.opset);
    if (schema == nullptr) continue;
    for (size_t i = 0; i < node.inputs.size() && i < 32; ++i) {
      if (schema->shape_operands >> i & 1u) need(node.inputs[i]);
    }
  }
  while (!open.empty()) {
    const NodeId producer = producers[static_cast<size_t>(open.back())];
    open.pop_back();
    if (producer == kNone) continue;
    const Node& node = graph.nodes[static_cast<size_t>(producer)];
    // A shape is known without the values.
    if (node.Is("Shape") || node.Is("Size")) continue;
    for (const ValueId v : node.inputs) need(v);
  }
  std::vector<std::string> names;
  for (const Port& port : graph.inputs) {
    if (needed[static_cast<size_t>(port.value)]) names.push_back(port.name);
  }
  return names;
}

}  // namespace peel::engine

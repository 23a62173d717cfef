#include <algorithm>

#include "src/engine/graph/port.h"
#include "src/engine/graph/specialise.h"
#include "src/engine/kernels/reference/reference.h"
#include "src/engine/native_session.h"

namespace peel::engine {

// What a session says of itself: its model, its plan.

ModelInfo DescribeGraph(const Graph& graph) {
  ModelInfo info;
  info.graph_name = graph.name;
  info.ir_version = graph.ir_version;
  info.opsets = graph.opsets;
  for (const Node& node : graph.nodes) {
    ++info.operators[node.domain.empty() ? node.op_type : node.domain + "." + node.op_type];
  }
  for (const Value& value : graph.values) {
    if (value.is_constant()) info.parameters += value.constant.elements();
  }
  return info;
}

Result<std::string> NativeSession::PlanText(
    const std::map<std::string, Shape, std::less<>>& shapes) const {
  if (!deciding_.empty()) {
    return InvalidArgument(graph_.source + ": the values of input '" +
                           graph_.inputs[static_cast<size_t>(deciding_[0])].name +
                           "' decide shapes, so there is no plan before they are known");
  }
  PlanKey key;
  for (const auto& [name, shape] : shapes) {
    if (std::none_of(graph_.inputs.begin(), graph_.inputs.end(),
                     [&, &input = name](const Port& port) { return port.name == input; })) {
      return InvalidArgument(graph_.source + ": has no input '" + name + "'");
    }
  }
  for (const Port& port : graph_.inputs) {
    Shape shape = port.shape;
    for (int64_t& extent : shape) extent = std::max<int64_t>(extent, extent < 0 ? 1 : 0);
    if (const auto it = shapes.find(port.name); it != shapes.end()) {
      shape = it->second;
    } else if (!port.has_shape) {
      return InvalidArgument(graph_.source + ": input '" + port.name +
                             "' declares no shape; give one");
    }
    if (!ShapeFits(port, shape)) {
      return InvalidArgument(graph_.source + ": input " + PortText(port) + " cannot be " +
                             ShapeString(shape));
    }
    key.shapes.push_back(std::move(shape));
  }
  PEEL_ASSIGN_OR_RETURN(key.fetches, Fetches({}));
  PEEL_ASSIGN_OR_RETURN(const auto plan, PlanFor(key));
  return plan->Text();
}

std::string NativeSession::Summary() const {
  std::string text = graph_.source + "\n";
  if (!info_.graph_name.empty()) text += "graph      " + info_.graph_name + "\n";
  text += "format     ONNX IR version " + std::to_string(info_.ir_version);
  for (const auto& [domain, version] : info_.opsets) {
    text += ", opset " + (domain.empty() ? "" : domain + " ") + std::to_string(version);
  }
  text += "\n";
  for (const Port& port : graph_.inputs) text += "input      " + PortText(port) + "\n";
  for (const Port& port : graph_.outputs) text += "output     " + PortText(port) + "\n";
  for (const auto& [key, value] : graph_.metadata) {
    text += "metadata   " + key + " = " + value.substr(0, 200) + "\n";
  }
  text += "parameters " + std::to_string(info_.parameters) + "\noperators ";
  for (const auto& [name, count] : info_.operators) {
    text += " " + name + " " + std::to_string(count);
  }
  // Work depends on the shapes; known only where none is symbolic.
  int64_t multiply_adds = 0;
  const auto symbolic = [](const Port& port) {
    return !port.has_shape ||
           std::any_of(port.shape.begin(), port.shape.end(), [](int64_t e) { return e < 0; });
  };
  if (deciding_.empty() && std::none_of(graph_.inputs.begin(), graph_.inputs.end(), symbolic)) {
    Graph copy = graph_;
    Binding binding;
    for (const Port& port : graph_.inputs) binding.shapes[port.name] = port.shape;
    if (Specialise(copy, binding, kReferenceEvaluator).ok()) {
      for (const Node& node : copy.nodes) multiply_adds += MultiplyAdds(copy, node);
      text += "\nwork       " + std::to_string(multiply_adds) + " multiply-adds, " +
              std::to_string(copy.nodes.size()) + " nodes after the passes";
    }
  }
  text += "\npasses    ";
  for (const PassReport& pass : passes_) {
    if (pass.disabled) {
      text += " " + pass.name + " off,";
    } else if (pass.changes > 0) {
      text += " " + pass.name + " " + std::to_string(pass.changes) + ",";
    }
  }
  if (text.back() == ',') text.pop_back();
  return text + "\n";
}

}  // namespace peel::engine

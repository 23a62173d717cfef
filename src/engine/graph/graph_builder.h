#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "src/engine/graph/graph.h"

namespace peel::engine::testing {

// Puts small graphs together by name for tests.
class GraphBuilder {
 public:
  explicit GraphBuilder(int opset = 17) : opset_(opset) {}

  GraphBuilder& Input(const std::string& name, DataType type, std::optional<Shape> shape) {
    const ValueId id = Id(name);
    graph_.value(id).type = type;
    graph_.value(id).shape = shape;
    Port port;
    port.value = id;
    port.name = name;
    port.type = type;
    if (shape) {
      port.has_shape = true;
      port.shape = *shape;
      port.dim_names.resize(shape->size());
    }
    graph_.inputs.push_back(std::move(port));
    return *this;
  }
  GraphBuilder& Constant(const std::string& name, Tensor tensor) {
    Value& value = graph_.value(Id(name));
    value.type = tensor.type();
    value.shape = tensor.shape();
    value.constant = std::move(tensor);
    return *this;
  }
  GraphBuilder& Floats(const std::string& name, const std::vector<float>& values,
                       const Shape& shape) {
    return Constant(name, *Tensor::Of(std::span<const float>(values)).Reshaped(shape));
  }
  GraphBuilder& Ints(const std::string& name, const std::vector<int64_t>& values) {
    return Constant(name, Tensor::Of(std::span<const int64_t>(values)));
  }
  // An empty name leaves the operand out.
  GraphBuilder& Op(const std::string& op, const std::vector<std::string>& inputs,
                   const std::vector<std::string>& outputs,
                   std::map<std::string, Attribute, std::less<>> attributes = {},
                   const std::string& domain = "") {
    Node node;
    node.name = op + std::to_string(graph_.nodes.size());
    node.op_type = op;
    node.domain = domain;
    node.opset = domain.empty() ? opset_ : 1;
    for (const std::string& name : inputs) node.inputs.push_back(Id(name));
    for (const std::string& name : outputs) node.outputs.push_back(Id(name));
    node.attributes = std::move(attributes);
    graph_.nodes.push_back(std::move(node));
    return *this;
  }
  Graph Build(const std::vector<std::string>& outputs) {
    for (const std::string& name : outputs) {
      Port port;
      port.value = Id(name);
      port.name = name;
      graph_.outputs.push_back(std::move(port));
    }
    return std::move(graph_);
  }

 private:
  ValueId Id(const std::string& name) {
    if (name.empty()) return kNone;
    const auto [it, added] = ids_.emplace(name, kNone);
    if (added) {
      Value value;
      value.name = name;
      it->second = graph_.AddValue(std::move(value));
    }
    return it->second;
  }

  int opset_;
  Graph graph_;
  std::map<std::string, ValueId> ids_;
};

}  // namespace peel::engine::testing

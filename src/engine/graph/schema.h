#pragma once

#include <span>
#include <string_view>

#include "src/base/status.h"
#include "src/engine/graph/graph.h"

namespace peel::engine {

// No tensor may have more elements than this; larger ones are refused before anything is allocated.
constexpr int64_t kMaxTensorElements = int64_t{1} << 40;

// What an operator's shape inference sees: types and shapes of all inputs are known (concrete),
// values only of constants.
class InferContext {
 public:
  InferContext(Graph& graph, const Node& node) : graph_(graph), node_(node) {}

  const Node& node() const { return node_; }
  int opset() const { return node_.opset; }
  int input_count() const { return static_cast<int>(node_.inputs.size()); }
  int output_count() const { return static_cast<int>(node_.outputs.size()); }
  bool HasInput(int i) const {
    return i < input_count() && node_.inputs[static_cast<size_t>(i)] != kNone;
  }
  bool HasOutput(int i) const {
    return i < output_count() && node_.outputs[static_cast<size_t>(i)] != kNone;
  }
  const Value& Input(int i) const { return graph_.value(node_.inputs[static_cast<size_t>(i)]); }
  const Shape& InputShape(int i) const { return *Input(i).shape; }
  DataType InputType(int i) const { return Input(i).type; }
  // The input's value where it is constant; kUnsupported, naming the input, where an operator needs
  // it for its output shape and it only becomes known while running.
  Result<Tensor> ConstantInput(int i) const;
  // Records the output's type and shape; nothing happens where the output is left out. kLimit where
  // it has more than kMaxTensorElements.
  Status SetOutput(int i, DataType type, Shape shape);

 private:
  Graph& graph_;
  const Node& node_;
};

// An operator of one opset range: since_version <= opset of the model, the largest such wins.
struct OpSchema {
  std::string_view domain;
  std::string_view name;
  int since_version;
  int min_inputs, max_inputs;  // max -1: any number
  // Sets every output's type and shape. Refuses operands whose types or shapes do not fit, so that
  // kernels may rely on them. Messages name neither node nor operator; InferNode does.
  Status (*infer)(InferContext&);
  int min_outputs = 1, max_outputs = 1;  // max -1: any number; outputs past min are optional
  uint32_t shape_operands = 0;  // bit i: the output's shape depends on the *value* of input i
};

// Null where the operator is unknown.
const OpSchema* FindSchema(std::string_view domain, std::string_view name, int opset);
std::span<const OpSchema> AllSchemas();

// Checks that the operator is known, the numbers of operands and the kinds of attributes. Errors
// name the node; an operator without a schema is kUnsupported.
Status CheckNode(const Node& node);

// CheckNode, then infers the outputs.
Status InferNode(Graph& graph, const Node& node);

}  // namespace peel::engine

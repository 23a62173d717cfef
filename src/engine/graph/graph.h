#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "src/base/status.h"
#include "src/engine/graph/tensor.h"

namespace peel::engine {

using ValueId = int32_t;
using NodeId = int32_t;
constexpr int32_t kNone = -1;

// An attribute of a node. Sub-graphs (If, Loop, Scan) are not represented; the reader names them as
// unsupported.
using Attribute = std::variant<int64_t, float, std::string, Tensor, std::vector<int64_t>,
                               std::vector<float>, std::vector<std::string>>;

// One application of an operator.
struct Node {
  std::string name;     // as in the file; made up from operator and number where the file has none
  std::string op_type;  // "Conv"
  std::string domain;   // "" for ONNX's own; "peel" for fused operators that passes make
  int opset = 0;        // version of the domain's operator set that the model imports
  std::vector<ValueId> inputs;   // kNone for an optional input that is left out
  std::vector<ValueId> outputs;  // kNone for an optional output that is left out
  std::map<std::string, Attribute, std::less<>> attributes;

  bool Is(std::string_view op, std::string_view in_domain = "") const {
    return op_type == op && domain == in_domain;
  }
  bool HasAttribute(std::string_view key) const { return attributes.find(key) != attributes.end(); }
  // The attribute, or the fallback where it is absent. An attribute of another kind counts as
  // absent; the reader and the schema check have refused such a model before.
  int64_t Int(std::string_view key, int64_t fallback) const;
  float Float(std::string_view key, float fallback) const;
  std::string String(std::string_view key, std::string fallback) const;
  std::vector<int64_t> Ints(std::string_view key, std::vector<int64_t> fallback = {}) const;
  std::vector<float> Floats(std::string_view key, std::vector<float> fallback = {}) const;
  const Tensor* TensorAttribute(std::string_view key) const;  // null where absent

  // "Conv 'conv1'": how messages name it.
  std::string Describe() const;
};

// What flows along an edge.
struct Value {
  std::string name;
  DataType type = DataType::kUndefined;
  std::optional<Shape> shape;  // known extents only; a graph input with symbolic ones has none
  Tensor constant;             // defined() where the value is known before any run
  bool is_constant() const { return constant.defined(); }
};

// An input or output as the file declares it.
struct Port {
  ValueId value = kNone;
  std::string name;
  DataType type = DataType::kUndefined;
  bool has_shape = false;
  Shape shape;                         // -1 where symbolic
  std::vector<std::string> dim_names;  // per extent; empty where it is a number
};

// A model: values and the nodes that compute them in topological order.
struct Graph {
  std::string name;
  std::string source;  // file name for messages
  int ir_version = 0;
  std::map<std::string, int, std::less<>> opsets;            // domain -> version
  std::map<std::string, std::string, std::less<>> metadata;  // metadata_props
  std::vector<Value> values;
  std::vector<Node> nodes;
  std::vector<Port>
      inputs;  // real inputs: initialisers that are also listed as inputs are not here
  std::vector<Port> outputs;

  ValueId AddValue(Value value);
  Value& value(ValueId id) { return values[static_cast<size_t>(id)]; }
  const Value& value(ValueId id) const { return values[static_cast<size_t>(id)]; }

  // Node that computes each value (kNone: input, constant or unused), and the nodes that read it.
  std::vector<NodeId> Producers() const;
  std::vector<std::vector<NodeId>> Consumers() const;

  // Invariants: ids in range, each value produced at most once, producers before consumers, every
  // output produced. kCorrupt naming the node otherwise.
  Status Verify() const;
};

}  // namespace peel::engine

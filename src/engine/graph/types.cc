#include "src/engine/graph/types.h"

#include <algorithm>
#include <iterator>
#include <string_view>

#include "src/engine/graph/constant.h"
#include "src/engine/graph/schema.h"

namespace peel::engine {
namespace {

constexpr std::string_view kBoolean[] = {"Equal", "Greater", "GreaterOrEqual", "IsInf",
                                         "IsNaN", "Less",    "LessOrEqual"};
constexpr std::string_view kInt64[] = {"ArgMax", "ArgMin", "Shape", "Size"};

// Operators whose result has the type of an operand other than the first.
struct Typed {
  std::string_view op;
  size_t input;
};
constexpr Typed kTypedByInput[] = {
    {"CastLike", 1},      {"DequantizeLinear", 1}, {"OneHot", 2}, {"QLinearConv", 7},
    {"QLinearMatMul", 7}, {"RMSNormalization", 1}, {"Where", 1},
};

bool Contains(std::span<const std::string_view> list, std::string_view op) {
  return std::find(list.begin(), list.end(), op) != list.end();
}

DataType InputType(const Graph& graph, const Node& node, size_t i) {
  if (i >= node.inputs.size() || node.inputs[i] == kNone) return DataType::kUndefined;
  return graph.value(node.inputs[i]).type;
}

// Type of the first output.
DataType ResultType(const Graph& graph, const Node& node) {
  if (Contains(kBoolean, node.op_type)) return DataType::kBool;
  if (Contains(kInt64, node.op_type)) return DataType::kInt64;
  if (node.Is("Cast") || node.Is("BitCast")) return static_cast<DataType>(node.Int("to", 0));
  if (node.Is("ConvInteger") || node.Is("MatMulInteger")) return DataType::kInt32;
  if (node.Is("DynamicQuantizeLinear")) return DataType::kUint8;
  if (node.Is("QuantizeLinear")) {
    const DataType zero_point = InputType(graph, node, 2);
    if (zero_point != DataType::kUndefined) return zero_point;
    const int64_t wanted = node.Int("output_dtype", 0);
    return wanted == 0 ? DataType::kUint8 : static_cast<DataType>(wanted);
  }
  if (node.Is("DequantizeLinear") && node.Int("output_dtype", 0) != 0) {
    return static_cast<DataType>(node.Int("output_dtype", 0));
  }
  if (node.Is("QConv", "peel")) {
    return static_cast<DataType>(node.Int("output_dtype", static_cast<int64_t>(DataType::kUint8)));
  }
  if (node.Is("EyeLike") && node.HasAttribute("dtype")) {
    return static_cast<DataType>(node.Int("dtype", 0));
  }
  if (node.Is("Constant")) {
    const Result<Tensor> value = ConstantOf(node);
    return value.ok() ? value->type() : DataType::kUndefined;
  }
  if (node.Is("ConstantOfShape")) {
    const Tensor* value = node.TensorAttribute("value");
    return value == nullptr ? DataType::kFloat32 : value->type();
  }
  for (const Typed& typed : kTypedByInput) {
    if (node.Is(typed.op)) return InputType(graph, node, typed.input);
  }
  return InputType(graph, node, 0);
}

// Type of a further output.
DataType ExtraType(const Node& node, size_t i, DataType first) {
  if (node.Is("MaxPool") || node.Is("TopK")) return DataType::kInt64;
  if (node.Is("Dropout") && node.opset >= 10) return DataType::kBool;
  if (node.Is("DynamicQuantizeLinear")) return i == 1 ? DataType::kFloat32 : DataType::kUint8;
  if (node.Is("LayerNormalization")) return static_cast<DataType>(node.Int("stash_type", 1));
  return first;
}

}  // namespace

bool InferTypes(Graph& graph) {
  bool complete = true;
  for (const Node& node : graph.nodes) {
    const bool known = FindSchema(node.domain, node.op_type, node.opset) != nullptr;
    const DataType first = known ? ResultType(graph, node) : DataType::kUndefined;
    complete = complete && DataTypeSize(first) != 0;
    for (size_t i = 0; i < node.outputs.size(); ++i) {
      if (node.outputs[i] == kNone) continue;
      const DataType type = i == 0 || !known ? first : ExtraType(node, i, first);
      graph.value(node.outputs[i]).type = type;
    }
  }
  return complete;
}

}  // namespace peel::engine

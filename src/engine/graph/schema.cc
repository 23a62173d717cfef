#include "src/engine/graph/schema.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "src/engine/graph/attributes.h"
#include "src/engine/graph/schemas/common.h"

namespace peel::engine {
namespace {

// All tables in one, with the versions of an operator beside each other, oldest first.
std::vector<OpSchema> Collect() {
  std::vector<OpSchema> all;
  for (const auto table :
       {schemas::ElementwiseSchemas(), schemas::BinarySchemas(), schemas::ConvSchemas(),
        schemas::PoolSchemas(), schemas::MatrixSchemas(), schemas::EinsumSchemas(),
        schemas::NormaliseSchemas(), schemas::ResizeSchemas(), schemas::ShapeSchemas(),
        schemas::MovementSchemas(), schemas::SplitSchemas(), schemas::GatherSchemas(),
        schemas::GenerateSchemas(), schemas::ReduceSchemas(), schemas::QuantiseSchemas(),
        schemas::IntegerSchemas()}) {
    all.insert(all.end(), table.begin(), table.end());
  }
  std::sort(all.begin(), all.end(), [](const OpSchema& a, const OpSchema& b) {
    return std::tie(a.domain, a.name, a.since_version) <
           std::tie(b.domain, b.name, b.since_version);
  });
  return all;
}

std::string CountText(int min, int max) {
  if (max < 0) return "at least " + std::to_string(min);
  if (min == max) return std::to_string(min);
  return std::to_string(min) + " to " + std::to_string(max);
}

Status CheckCounts(const Node& node, const OpSchema& schema) {
  // Trailing operands that are left out count as not being there.
  auto inputs = static_cast<int>(node.inputs.size());
  while (inputs > 0 && node.inputs[static_cast<size_t>(inputs - 1)] == kNone) --inputs;
  if (inputs < schema.min_inputs || (schema.max_inputs >= 0 && inputs > schema.max_inputs)) {
    return Corrupt("has " + std::to_string(inputs) + " inputs; " +
                   CountText(schema.min_inputs, schema.max_inputs) + " are needed");
  }
  // Only the leading operands of a fixed list are mandatory, but all of a variable one are.
  const int mandatory = schema.max_inputs < 0 ? inputs : schema.min_inputs;
  for (int i = 0; i < mandatory; ++i) {
    if (node.inputs[static_cast<size_t>(i)] == kNone) {
      return Corrupt("input " + std::to_string(i) + " is left out");
    }
  }
  const auto outputs = static_cast<int>(node.outputs.size());
  if (outputs < schema.min_outputs || (schema.max_outputs >= 0 && outputs > schema.max_outputs)) {
    return Corrupt("has " + std::to_string(outputs) + " outputs; " +
                   CountText(schema.min_outputs, schema.max_outputs) + " are needed");
  }
  return OkStatus();
}

}  // namespace

Result<Tensor> InferContext::ConstantInput(int i) const {
  if (!HasInput(i)) return Corrupt("input " + std::to_string(i) + " is left out");
  const Value& value = Input(i);
  if (value.is_constant()) return value.constant;
  return Unsupported("input " + std::to_string(i) + " '" + value.name +
                     "' decides the output's shape, but is only known while running");
}

Status InferContext::SetOutput(int i, DataType type, Shape shape) {
  if (!HasOutput(i)) return OkStatus();
  PEEL_ASSIGN_OR_RETURN(const int64_t count, ElementCount(shape));
  if (count > kMaxTensorElements) {
    return LimitExceeded("its result of " + ShapeString(shape) + " is too large");
  }
  Value& value = graph_.value(node_.outputs[static_cast<size_t>(i)]);
  value.type = type;
  value.shape = std::move(shape);
  return OkStatus();
}

std::span<const OpSchema> AllSchemas() {
  static const std::vector<OpSchema> all = Collect();
  return all;
}

const OpSchema* FindSchema(std::string_view domain, std::string_view name, int opset) {
  const std::span<const OpSchema> all = AllSchemas();
  const auto after = std::upper_bound(all.begin(), all.end(), std::tie(domain, name, opset),
                                      [](const auto& key, const OpSchema& s) {
                                        return key < std::tie(s.domain, s.name, s.since_version);
                                      });
  if (after == all.begin()) return nullptr;
  const OpSchema& found = *std::prev(after);
  return found.domain == domain && found.name == name ? &found : nullptr;
}

Status CheckNode(const Node& node) {
  const OpSchema* schema = FindSchema(node.domain, node.op_type, node.opset);
  if (schema == nullptr) {
    return Unsupported("the operator of " + node.Describe() + " (version " +
                       std::to_string(node.opset) + ") is not supported");
  }
  Status status = CheckCounts(node, *schema);
  if (status.ok()) status = CheckAttributeKinds(node);
  return status.ok() ? std::move(status) : std::move(status).WithContext(node.Describe());
}

Status InferNode(Graph& graph, const Node& node) {
  PEEL_RETURN_IF_ERROR(CheckNode(node));
  InferContext ctx(graph, node);
  Status status = FindSchema(node.domain, node.op_type, node.opset)->infer(ctx);
  return status.ok() ? std::move(status) : std::move(status).WithContext(node.Describe());
}

}  // namespace peel::engine

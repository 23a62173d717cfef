#include "src/engine/graph/passes/match.h"

#include <cmath>
#include <limits>

namespace peel::engine::passes {

std::optional<float> ScalarConstant(const Rewriter& rewriter, ValueId v) {
  const Tensor* tensor = rewriter.Constant(v);
  if (tensor == nullptr || tensor->elements() != 1 || tensor->rank() > 1) return std::nullopt;
  const Result<std::vector<float>> values = tensor->AsFloats();
  if (!values.ok()) return std::nullopt;
  return (*values)[0];
}

bool IsScalar(const Rewriter& rewriter, ValueId v, double wanted) {
  const std::optional<float> value = ScalarConstant(rewriter, v);
  return value && std::abs(*value - wanted) <= 1e-3 * std::abs(wanted);
}

ValueId OperandBesideScalar(const Rewriter& rewriter, const Node& node, double scalar) {
  if (node.inputs.size() != 2) return kNone;
  if (IsScalar(rewriter, node.inputs[1], scalar)) return node.inputs[0];
  if (IsScalar(rewriter, node.inputs[0], scalar)) return node.inputs[1];
  return kNone;
}

ValueId OtherOperand(const Node& node, ValueId v) {
  if (node.inputs.size() != 2 || node.inputs[0] == node.inputs[1]) return kNone;
  if (node.inputs[0] == v) return node.inputs[1];
  if (node.inputs[1] == v) return node.inputs[0];
  return kNone;
}

std::optional<std::pair<float, float>> ClipBounds(const Rewriter& rewriter, const Node& node) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  if (node.opset < 11) {
    return std::pair(node.Float("min", -kInfinity), node.Float("max", kInfinity));
  }
  float bounds[2] = {-kInfinity, kInfinity};
  for (size_t i = 0; i < 2; ++i) {
    if (i + 1 >= node.inputs.size() || node.inputs[i + 1] == kNone) continue;
    const std::optional<float> value = ScalarConstant(rewriter, node.inputs[i + 1]);
    if (!value) return std::nullopt;
    bounds[i] = *value;
  }
  return std::pair(bounds[0], bounds[1]);
}

std::optional<std::vector<int64_t>> IntsOf(const Rewriter& rewriter, const Node& node, size_t input,
                                           std::string_view attribute) {
  if (input < node.inputs.size() && node.inputs[input] != kNone) {
    const Tensor* tensor = rewriter.Constant(node.inputs[input]);
    if (tensor == nullptr) return std::nullopt;
    Result<std::vector<int64_t>> values = tensor->AsInt64s();
    if (!values.ok()) return std::nullopt;
    return *std::move(values);
  }
  if (!node.HasAttribute(attribute)) return std::nullopt;
  return node.Ints(attribute);
}

}  // namespace peel::engine::passes

#include "src/engine/plan/activation.h"

#include <limits>
#include <optional>
#include <string_view>

namespace peel::engine {
namespace {

struct Named {
  std::string_view fused, op_type;
  Activation activation;
  float alpha, beta;  // the operator's defaults
};

constexpr Named kActivations[] = {
    {"relu", "Relu", Activation::kRelu, 0, 0},
    {"leaky_relu", "LeakyRelu", Activation::kLeakyRelu, 0.01f, 0},
    {"clip", "Clip", Activation::kClip, 0, 0},
    {"sigmoid", "Sigmoid", Activation::kSigmoid, 0, 0},
    {"tanh", "Tanh", Activation::kTanh, 0, 0},
    {"hard_sigmoid", "HardSigmoid", Activation::kHardSigmoid, 0.2f, 0.5f},
    {"hard_swish", "HardSwish", Activation::kHardSwish, 0, 0},
    {"silu", "Swish", Activation::kSilu, 1, 0},
    {"gelu", "Gelu", Activation::kGelu, 0, 0},
    {"elu", "Elu", Activation::kElu, 1, 0},
    {"softplus", "Softplus", Activation::kSoftplus, 0, 0},
};

// A scalar that is known before any run.
std::optional<float> ConstantScalar(const Graph& graph, const Node& node, size_t input) {
  if (input >= node.inputs.size() || node.inputs[input] == kNone) return std::nullopt;
  const Value& value = graph.value(node.inputs[input]);
  if (!value.is_constant() || value.constant.type() != DataType::kFloat32 ||
      value.constant.elements() != 1) {
    return std::nullopt;
  }
  return *value.constant.data<float>();
}

}  // namespace

bool ReadActivation(const Node& node, Epilogue* epilogue) {
  const std::string name = node.String("activation", "");
  if (name.empty() || name == "none") return true;
  for (const Named& entry : kActivations) {
    if (entry.fused != name) continue;
    epilogue->activation = entry.activation;
    epilogue->alpha = node.Float("activation_alpha", entry.alpha);
    epilogue->beta = node.Float("activation_beta", entry.beta);
    return true;
  }
  return false;
}

bool ActivationOf(const Graph& graph, const Node& node, Epilogue* epilogue) {
  if (!node.domain.empty()) return false;
  for (const Named& entry : kActivations) {
    if (entry.op_type != node.op_type) continue;
    epilogue->activation = entry.activation;
    epilogue->alpha = node.Float("alpha", entry.alpha);
    epilogue->beta = node.Float("beta", entry.beta);
    if (entry.activation == Activation::kSilu && epilogue->alpha != 1) return false;
    // The tanh approximation is another function.
    if (entry.activation == Activation::kGelu && node.String("approximate", "none") != "none") {
      return false;
    }
    if (entry.activation == Activation::kClip) {
      epilogue->alpha = node.Float("min", std::numeric_limits<float>::lowest());
      epilogue->beta = node.Float("max", std::numeric_limits<float>::max());
      for (size_t i = 1; i < node.inputs.size() && i < 3; ++i) {
        if (node.inputs[i] == kNone) continue;
        const auto bound = ConstantScalar(graph, node, i);
        if (!bound) return false;
        (i == 1 ? epilogue->alpha : epilogue->beta) = *bound;
      }
    }
    return true;
  }
  return false;
}

}  // namespace peel::engine

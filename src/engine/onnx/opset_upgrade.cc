#include "src/engine/onnx/opset_upgrade.h"

#include <limits>
#include <span>

namespace peel::engine {
namespace {

using Upgrade = Result<std::optional<NodeUpgrade>>;

Upgrade Keep() { return std::optional<NodeUpgrade>(); }

// The list becomes an operand and is no attribute any more.
void ListToOperand(const Node& node, const char* name, size_t operand, NodeUpgrade& up) {
  if (!node.HasAttribute(name)) return;
  up.constants.emplace_back(operand, Tensor::Of(std::span<const int64_t>(node.Ints(name))));
  up.dropped.emplace_back(name);
}

// Squeeze, Unsqueeze, ReduceSum (axes) and Split (split) until 12.
Upgrade AxesOperand(const Node& node, const char* name) {
  if (!node.HasAttribute(name)) return Keep();
  NodeUpgrade up;
  ListToOperand(node, name, 1, up);
  return std::optional(std::move(up));
}

// Until 12 the tensor was seen as a matrix, all axes from `axis` on (default 1) in its columns; now
// one axis counts (default the last one). The same only where it is the last one.
Upgrade LastAxis(const Node& node, int rank) {
  const int64_t axis = node.Int("axis", 1);
  if (axis == -1) return Keep();
  if (rank < 0 || axis != rank - 1) {
    return Unsupported("works over several axes at once, which operator set " +
                       std::to_string(kUpgradedOpset) + " does not have");
  }
  NodeUpgrade up;
  up.dropped.emplace_back("axis");
  up.added.emplace("axis", axis);
  return std::optional(std::move(up));
}

// Until 10 the bounds were attributes.
Upgrade Clip(const Node& node) {
  NodeUpgrade up;
  const float low = std::numeric_limits<float>::lowest(), high = std::numeric_limits<float>::max();
  up.constants.emplace_back(1, Tensor::Scalar(node.Float("min", low)));
  up.constants.emplace_back(2, Tensor::Scalar(node.Float("max", high)));
  up.dropped = {"min", "max"};
  return std::optional(std::move(up));
}

Upgrade Pad(const Node& node) {
  NodeUpgrade up;
  ListToOperand(node, "pads", 1, up);
  up.constants.emplace_back(2, Tensor::Scalar(node.Float("value", 0.0f)));
  up.dropped.emplace_back("value");
  return std::optional(std::move(up));
}

Upgrade Slice(const Node& node) {
  NodeUpgrade up;
  ListToOperand(node, "starts", 1, up);
  ListToOperand(node, "ends", 2, up);
  ListToOperand(node, "axes", 3, up);
  return std::optional(std::move(up));
}

Upgrade TopK(const Node& node) {
  NodeUpgrade up;
  const int64_t k[] = {node.Int("k", 0)};
  up.constants.emplace_back(1, Tensor::Of(std::span<const int64_t>(k)));
  up.dropped.emplace_back("k");
  return std::optional(std::move(up));
}

// Upsample, and Resize of version 10: what Resize has done since 11 with these settings.
Upgrade Resize(const Node& node) {
  NodeUpgrade up;
  up.op_type = "Resize";
  if (node.HasAttribute("scales")) {
    up.constants.emplace_back(2, Tensor::Of(std::span<const float>(node.Floats("scales"))));
    up.dropped.emplace_back("scales");
  } else {
    up.moved.emplace_back(1, 2);
  }
  up.added.emplace("coordinate_transformation_mode", std::string("asymmetric"));
  if (node.String("mode", "nearest") == "nearest") {
    up.added.emplace("nearest_mode", std::string("floor"));
  }
  return std::optional(std::move(up));
}

Upgrade Drop(const Node& node, const char* attribute) {
  if (!node.HasAttribute(attribute)) return Keep();
  NodeUpgrade up;
  up.dropped.emplace_back(attribute);
  return std::optional(std::move(up));
}

}  // namespace

Result<std::optional<NodeUpgrade>> UpgradeNode(const Node& node, int rank) {
  const int from = node.opset;
  if (!node.domain.empty() || from >= kUpgradedOpset) return Keep();
  if (node.Is("Squeeze") || node.Is("Unsqueeze") || node.Is("ReduceSum")) {
    return AxesOperand(node, "axes");
  }
  if (node.Is("Split")) return AxesOperand(node, "split");
  if (node.Is("Softmax") || node.Is("LogSoftmax") || node.Is("Hardmax")) {
    return LastAxis(node, rank);
  }
  if (node.Is("Dropout") && from < 12) return Drop(node, "ratio");  // nothing drops out here
  if (from < 11) {
    if (node.Is("Clip")) return Clip(node);
    if (node.Is("Pad")) return Pad(node);
    if (node.Is("Resize") || node.Is("Upsample")) return Resize(node);
    if (node.Is("Scatter")) {
      NodeUpgrade up;
      up.op_type = "ScatterElements";
      return std::optional(std::move(up));
    }
  }
  if (from < 10) {
    if (node.Is("Slice")) return Slice(node);
    if (node.Is("TopK")) return TopK(node);
  }
  if (from < 9 && node.Is("BatchNormalization")) {
    if (node.Int("spatial", 1) == 0) {
      return Unsupported("normalises every pixel by itself, which operator set " +
                         std::to_string(kUpgradedOpset) + " does not have");
    }
    return Drop(node, "spatial");
  }
  return Keep();
}

}  // namespace peel::engine

// A convolution of dequantised bytes with dequantised constant weights becomes peel.QConv, which
// computes in integers. With a QuantizeLinear behind it (and a Relu or Clip between) it gives
// bytes, otherwise float32.
#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "src/engine/graph/passes/match.h"
#include "src/engine/graph/passes/passes.h"
#include "src/engine/graph/passes/quantised.h"
#include "src/engine/graph/rewriter.h"

namespace peel::engine::passes {
namespace {

// Sums of more products than this might leave int32 together with the largest bias.
constexpr int64_t kMostTerms = (int64_t{1} << 30) / (int64_t{255} * 128);

constexpr float kInfinity = std::numeric_limits<float>::infinity();

// The real numbers that an activation lets through; lowest and highest where none does.
struct Bounds {
  float low = -kInfinity, high = kInfinity;
};

std::optional<Bounds> BoundsOf(const Rewriter& rewriter, const Node& node) {
  if (node.Is("Relu")) return Bounds{0, kInfinity};
  if (!node.Is("Clip")) return std::nullopt;
  const auto clip = ClipBounds(rewriter, node);
  if (!clip || !(clip->first <= clip->second)) return std::nullopt;
  return Bounds{clip->first, clip->second};
}

std::optional<Bounds> FusedBounds(const Node& conv) {
  const std::string name = conv.String("activation", "none");
  if (name == "none" || name.empty()) return Bounds{};
  if (name == "relu") return Bounds{0, kInfinity};
  if (name != "clip") return std::nullopt;
  return Bounds{conv.Float("activation_alpha", 0), conv.Float("activation_beta", 0)};
}

Bounds Within(const Bounds& inner, const Bounds& outer) {
  const auto clamp = [&](float x) { return std::min(std::max(x, outer.low), outer.high); };
  return {clamp(inner.low), clamp(inner.high)};
}

// What follows the convolution: its activation, and the quantisation where there is one.
struct Tail {
  NodeId activation = kNone, quantise = kNone;
  Bounds bounds;
  ByteScale scale;
};

Tail TailOf(Rewriter& rewriter, const Node& conv, const Bounds& fused) {
  Tail tail;
  tail.bounds = fused;
  NodeId next = rewriter.SoleReader(conv.outputs[0]);
  if (next == kNone) return tail;
  if (const auto bounds = BoundsOf(rewriter, rewriter.node(next))) {
    const NodeId behind = rewriter.SoleReader(rewriter.node(next).outputs[0]);
    if (behind == kNone || !QuantisesToBytes(rewriter, rewriter.node(behind))) return tail;
    tail.activation = next;
    tail.bounds = Within(fused, *bounds);
    next = behind;
  }
  // Quantised, not the scale of another's quantisation.
  const Node& quantise = rewriter.node(next);
  const auto scale = QuantisesToBytes(rewriter, quantise);
  const ValueId read =
      tail.activation == kNone ? conv.outputs[0] : rewriter.node(tail.activation).outputs[0];
  if (!scale || quantise.inputs[0] != read) return tail;
  tail.quantise = next;
  tail.scale = *scale;
  return tail;
}

// The node, or nothing where it cannot be computed in integers.
Result<bool> Convert(Rewriter& rewriter, NodeId n) {
  const Node conv = rewriter.node(n);
  const auto fused = FusedBounds(conv);
  if (!fused || conv.outputs.size() != 1 || conv.inputs.size() < 2) return false;
  if (conv.inputs.size() > 3 && conv.inputs[3] != kNone) return false;  // a residual
  const auto x = DequantisedBytes(rewriter, conv.inputs[0]);
  if (!x) return false;
  const auto weights = WeightsOf(rewriter, conv.inputs[1]);
  if (!weights) return false;
  const int64_t filters = weights->bytes.dim(0);
  if (weights->bytes.elements() / filters > kMostTerms) return false;
  std::vector<float> unit = weights->scales;
  for (float& u : unit) u *= x->scale.scale;
  std::optional<std::vector<int32_t>> bias;
  if (conv.inputs.size() > 2 && conv.inputs[2] != kNone) {
    bias = BiasOf(rewriter, conv.inputs[2], unit);
    if (!bias || static_cast<int64_t>(bias->size()) != filters) return false;
  }
  const Tail tail = TailOf(rewriter, conv, *fused);

  Node node = conv;
  node.op_type = "QConv";
  node.domain = "peel";
  node.opset = 1;
  for (const char* key : {"activation", "activation_alpha", "activation_beta"}) {
    node.attributes.erase(key);
  }
  node.attributes["x_zero"] = int64_t{x->scale.zero};
  std::vector<float> multiplier = unit;
  if (tail.quantise != kNone) {
    for (float& m : multiplier) m /= tail.scale.scale;
    node.attributes["output_dtype"] = static_cast<int64_t>(DataType::kUint8);
    node.attributes["y_zero"] = int64_t{tail.scale.zero};
    // Rounding keeps the order, so that bounds may be put on the bytes.
    node.attributes["low"] = int64_t{ToByte(tail.bounds.low, tail.scale)};
    node.attributes["high"] = int64_t{ToByte(tail.bounds.high, tail.scale)};
  } else {
    node.attributes["output_dtype"] = static_cast<int64_t>(DataType::kFloat32);
    for (const char* key : {"activation", "activation_alpha", "activation_beta"}) {
      if (conv.HasAttribute(key)) node.attributes[key] = conv.attributes.find(key)->second;
    }
  }
  for (const float m : multiplier) {
    if (!std::isfinite(m)) return false;
  }
  const ValueId w = rewriter.AddConstant(conv.name + "/weights", weights->bytes);
  node.inputs = {x->bytes, w,
                 rewriter.AddConstant(conv.name + "/multiplier",
                                      Tensor::Of(std::span<const float>(multiplier)))};
  if (bias) {
    PEEL_ASSIGN_OR_RETURN(Tensor tensor, Tensor::Allocate(DataType::kInt32, {filters}));
    std::copy(bias->begin(), bias->end(), tensor.data<int32_t>());
    node.inputs.push_back(rewriter.AddConstant(conv.name + "/bias", std::move(tensor)));
  }
  if (tail.quantise != kNone) {
    node.outputs = rewriter.node(tail.quantise).outputs;
    rewriter.graph().value(node.outputs[0]).type = DataType::kUint8;
    rewriter.Remove(tail.quantise);
    if (tail.activation != kNone) rewriter.Remove(tail.activation);
  }
  rewriter.Become(n, std::move(node));
  return true;
}

}  // namespace

Result<int> IntegerConv(Graph& graph, const PassContext&) {
  Rewriter rewriter(graph);
  int changes = 0;
  for (NodeId n = 0; n < rewriter.node_count(); ++n) {
    if (rewriter.removed(n)) continue;
    const Node& node = rewriter.node(n);
    if (!node.Is("Conv") && !node.Is("Conv", "peel")) continue;
    PEEL_ASSIGN_OR_RETURN(const bool converted, Convert(rewriter, n));
    changes += converted ? 1 : 0;
  }
  return changes;
}

}  // namespace peel::engine::passes

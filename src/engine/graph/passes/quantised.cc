#include "src/engine/graph/passes/quantised.h"

#include <algorithm>
#include <cmath>

namespace peel::engine::passes {
namespace {

// The constant operand of a QuantizeLinear or DequantizeLinear; null where there is none.
const Tensor* ConstantOperand(const Rewriter& rewriter, const Node& node, size_t i) {
  return i < node.inputs.size() ? rewriter.Constant(node.inputs[i]) : nullptr;
}

bool LeftOut(const Node& node, size_t i) {
  return i >= node.inputs.size() || node.inputs[i] == kNone;
}

// One scale and one zero point of uint8 for the whole tensor.
std::optional<ByteScale> OneByteScale(const Rewriter& rewriter, const Node& node) {
  const Tensor* scale = ConstantOperand(rewriter, node, 1);
  if (scale == nullptr || scale->type() != DataType::kFloat32 || scale->elements() != 1 ||
      node.Int("block_size", 0) != 0) {
    return std::nullopt;
  }
  ByteScale result{*scale->data<float>(), 0};
  if (!(result.scale > 0) || !std::isfinite(result.scale)) return std::nullopt;
  if (LeftOut(node, 2)) return result;
  const Tensor* zero = ConstantOperand(rewriter, node, 2);
  if (zero == nullptr || zero->type() != DataType::kUint8 || zero->elements() != 1) {
    return std::nullopt;
  }
  result.zero = *zero->data<uint8_t>();
  return result;
}

}  // namespace

std::optional<Dequantised> DequantisedBytes(const Rewriter& rewriter, ValueId v) {
  const Node* node = rewriter.ProducerIs(v, "DequantizeLinear");
  if (node == nullptr || node->HasAttribute("output_dtype")) return std::nullopt;
  // Without a zero point the type is the tensor's own, which may not be known yet.
  if (LeftOut(*node, 2) && rewriter.graph().value(node->inputs[0]).type != DataType::kUint8) {
    return std::nullopt;
  }
  const auto scale = OneByteScale(rewriter, *node);
  if (!scale || rewriter.Constant(node->inputs[0]) != nullptr) return std::nullopt;
  return Dequantised{node->inputs[0], *scale};
}

std::optional<ByteScale> QuantisesToBytes(const Rewriter& rewriter, const Node& node) {
  if (!node.Is("QuantizeLinear") || node.outputs.size() != 1) return std::nullopt;
  const int64_t type = node.Int("output_dtype", 0);
  if (type != 0 && type != static_cast<int64_t>(DataType::kUint8)) return std::nullopt;
  if (node.Int("precision", 0) > 1) return std::nullopt;  // a division in another precision
  return OneByteScale(rewriter, node);
}

std::optional<QuantisedWeights> WeightsOf(const Rewriter& rewriter, ValueId v) {
  const Node* node = rewriter.ProducerIs(v, "DequantizeLinear");
  if (node == nullptr || node->HasAttribute("output_dtype") || node->Int("block_size", 0) != 0) {
    return std::nullopt;
  }
  const Tensor* data = rewriter.Constant(node->inputs[0]);
  const Tensor* scale = ConstantOperand(rewriter, *node, 1);
  if (data == nullptr || scale == nullptr || data->rank() < 3 || data->elements() == 0 ||
      scale->type() != DataType::kFloat32) {
    return std::nullopt;
  }
  const bool is_signed = data->type() == DataType::kInt8;
  if (!is_signed && data->type() != DataType::kUint8) return std::nullopt;
  const int64_t filters = data->dim(0);
  if (scale->elements() != 1) {
    const int64_t axis = node->Int("axis", 1);
    if (scale->elements() != filters || (axis != 0 && axis != -data->rank())) return std::nullopt;
  }
  const int expected = is_signed ? 0 : 128;
  if (LeftOut(*node, 2)) {
    if (!is_signed) return std::nullopt;
  } else {
    const Tensor* zero = ConstantOperand(rewriter, *node, 2);
    if (zero == nullptr || zero->type() != data->type()) return std::nullopt;
    for (int64_t i = 0; i < zero->elements(); ++i) {
      const int value = is_signed ? zero->data<int8_t>()[i] : zero->data<uint8_t>()[i];
      if (value != expected) return std::nullopt;
    }
  }
  QuantisedWeights result;
  for (int64_t f = 0; f < filters; ++f) {
    const float s = scale->data<float>()[scale->elements() == 1 ? 0 : f];
    if (!(s >= 0) || !std::isfinite(s)) return std::nullopt;
    result.scales.push_back(s);
  }
  if (is_signed) {
    result.bytes = *data;
    return result;
  }
  auto moved = Tensor::Allocate(DataType::kInt8, data->shape());
  if (!moved.ok()) return std::nullopt;
  for (int64_t i = 0; i < data->elements(); ++i) {
    moved->data<int8_t>()[i] = static_cast<int8_t>(data->data<uint8_t>()[i] - 128);
  }
  result.bytes = *std::move(moved);
  return result;
}

std::optional<std::vector<int32_t>> BiasOf(const Rewriter& rewriter, ValueId v,
                                           const std::vector<float>& unit) {
  constexpr double kMost = 1 << 30;
  const auto filters = static_cast<int64_t>(unit.size());
  std::vector<double> value;        // real
  std::vector<int32_t> same_units;  // as stored, where the units are these
  if (const Tensor* constant = rewriter.Constant(v)) {
    if (constant->type() != DataType::kFloat32 || constant->elements() != filters) {
      return std::nullopt;
    }
    value.assign(constant->data<float>(), constant->data<float>() + filters);
  } else {
    const Node* node = rewriter.ProducerIs(v, "DequantizeLinear");
    if (node == nullptr || node->Int("block_size", 0) != 0) return std::nullopt;
    const Tensor* data = rewriter.Constant(node->inputs[0]);
    const Tensor* scale = ConstantOperand(rewriter, *node, 1);
    if (data == nullptr || data->type() != DataType::kInt32 || data->elements() != filters ||
        scale == nullptr || scale->type() != DataType::kFloat32 ||
        (scale->elements() != 1 && scale->elements() != filters)) {
      return std::nullopt;
    }
    if (!LeftOut(*node, 2)) {
      const Tensor* zero = ConstantOperand(rewriter, *node, 2);
      if (zero == nullptr || zero->type() != DataType::kInt32) return std::nullopt;
      for (int64_t i = 0; i < zero->elements(); ++i) {
        if (zero->data<int32_t>()[i] != 0) return std::nullopt;
      }
    }
    bool same = true;
    for (int64_t f = 0; f < filters; ++f) {
      const float s = scale->data<float>()[scale->elements() == 1 ? 0 : f];
      value.push_back(static_cast<double>(data->data<int32_t>()[f]) * s);
      same = same && std::abs(s - unit[static_cast<size_t>(f)]) <= 1e-5f * s;
    }
    if (same) same_units.assign(data->data<int32_t>(), data->data<int32_t>() + filters);
  }
  std::vector<int32_t> result;
  for (size_t f = 0; f < value.size(); ++f) {
    double steps = 0;
    if (!same_units.empty()) {
      steps = same_units[f];
    } else if (value[f] != 0) {
      steps = std::nearbyint(value[f] / static_cast<double>(unit[f]));
    }
    if (!(std::abs(steps) <= kMost)) return std::nullopt;
    result.push_back(static_cast<int32_t>(steps));
  }
  return result;
}

uint8_t ToByte(float value, const ByteScale& scale) {
  const float steps = std::nearbyint(value / scale.scale) + static_cast<float>(scale.zero);
  if (std::isnan(steps)) return 0;
  return static_cast<uint8_t>(std::clamp(steps, 0.0f, 255.0f));
}

}  // namespace peel::engine::passes

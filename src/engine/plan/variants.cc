#include "src/engine/plan/variants.h"

#include <algorithm>

namespace peel::engine {
namespace {

struct Family {
  std::string_view op_type;
  Enumerate enumerate;
};

// Operators that are not listed have their reference only.
constexpr Family kFamilies[] = {
    {"Abs", UnaryVariants},
    {"Add", BinaryVariants},
    {"AveragePool", PoolVariants},
    {"Ceil", UnaryVariants},
    {"Clip", ActivationVariants},
    {"Concat", ConcatVariants},
    {"Conv", ConvVariants},
    {"ConvTranspose", ConvTransposeVariants},
    {"DepthToSpace", DepthToSpaceVariants},
    {"DequantizeLinear", QuantizeVariants},
    {"Div", BinaryVariants},
    {"Dropout", ViewVariants},
    {"Elu", ActivationVariants},
    {"Erf", UnaryVariants},
    {"Exp", UnaryVariants},
    {"Flatten", ViewVariants},
    {"Floor", UnaryVariants},
    {"Gelu", ActivationVariants},
    {"Gemm", MatrixVariants},
    {"GlobalAveragePool", GlobalPoolVariants},
    {"GlobalMaxPool", GlobalPoolVariants},
    {"HardSigmoid", ActivationVariants},
    {"HardSwish", ActivationVariants},
    {"Identity", ViewVariants},
    {"LeakyRelu", ActivationVariants},
    {"Log", UnaryVariants},
    {"LogSoftmax", SoftmaxVariants},
    {"MatMul", MatrixVariants},
    {"Max", BinaryVariants},
    {"MaxPool", PoolVariants},
    {"Min", BinaryVariants},
    {"Mul", BinaryVariants},
    {"Neg", UnaryVariants},
    {"QuantizeLinear", QuantizeVariants},
    {"Reciprocal", UnaryVariants},
    {"ReduceMax", GlobalPoolVariants},
    {"ReduceMean", GlobalPoolVariants},
    {"Relu", ActivationVariants},
    {"Reshape", ViewVariants},
    {"Resize", ResizeVariants},
    {"Sigmoid", ActivationVariants},
    {"Slice", SliceVariants},
    {"Softmax", SoftmaxVariants},
    {"Softplus", ActivationVariants},
    {"Sqrt", UnaryVariants},
    {"Squeeze", ViewVariants},
    {"Sub", BinaryVariants},
    {"Sum", BinaryVariants},
    {"Swish", ActivationVariants},
    {"Tanh", ActivationVariants},
    {"Unsqueeze", ViewVariants},
    {"Upsample", ResizeVariants},
};

// Of Peel's own domain.
constexpr Family kFusedFamilies[] = {
    {"ChannelNorm", ChannelNormVariants},
    {"Conv", ConvVariants},
    {"ConvMaxPool", ConvMaxPoolVariants},
    {"QAdd", QAddVariants},
    {"QConv", QConvVariants},
    {"QResize", ResizeVariants},
    {"QTable", QTableVariants},
};

bool HasPixels(const Value& value) {
  return value.shape && value.shape->size() == 4 &&
         std::none_of(value.shape->begin(), value.shape->end(),
                      [](int64_t extent) { return extent == 0; });
}

}  // namespace

bool NodeView::IsImage(const Value& value) {
  return value.type == DataType::kFloat32 && HasPixels(value);
}

bool NodeView::IsByteImage(const Value& value) {
  return value.type == DataType::kUint8 && HasPixels(value);
}

double StreamCost(double bytes) { return 0.002 + bytes / 8e6 / kCostThreads; }

Choices EnumerateVariants(const NodeView& view, std::span<const std::string> disabled_kernels) {
  Choices choices;
  const Node& node = view.node();
  if (node.domain.empty()) {
    for (const Family& family : kFamilies) {
      if (family.op_type == node.op_type) family.enumerate(view, choices);
    }
  } else if (node.domain == "peel") {
    for (const Family& family : kFusedFamilies) {
      if (family.op_type == node.op_type) family.enumerate(view, choices);
    }
  }
  const auto off = [&](const Variant& variant) {
    if (variant.kind == Variant::Kind::kView) return false;
    const bool out = std::any_of(
        disabled_kernels.begin(), disabled_kernels.end(),
        [&](const std::string& name) { return name == "all" || name == variant.kernel; });
    if (out) choices.rejections.push_back({variant.kernel, "is switched off"});
    return out;
  };
  std::erase_if(choices.variants, off);
  ReferenceVariants(view, choices);
  return choices;
}

}  // namespace peel::engine

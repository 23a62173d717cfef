#include "src/engine/graph/constant.h"

#include <span>
#include <vector>

namespace peel::engine {

Result<Tensor> ConstantOf(const Node& node) {
  if (const Tensor* value = node.TensorAttribute("value")) return *value;
  if (node.HasAttribute("value_float")) return Tensor::Scalar(node.Float("value_float", 0));
  if (node.HasAttribute("value_int")) return Tensor::Scalar(node.Int("value_int", 0));
  if (node.HasAttribute("value_floats")) {
    const std::vector<float> values = node.Floats("value_floats");
    return Tensor::Of(std::span<const float>(values));
  }
  if (node.HasAttribute("value_ints")) {
    const std::vector<int64_t> values = node.Ints("value_ints");
    return Tensor::Of(std::span<const int64_t>(values));
  }
  if (node.HasAttribute("value_string") || node.HasAttribute("value_strings")) {
    return Unsupported("holds strings, which are not supported");
  }
  return Corrupt("has no value");
}

}  // namespace peel::engine

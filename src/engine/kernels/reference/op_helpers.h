#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "src/engine/kernels/reference/reference.h"

namespace peel::engine::reference {

// The i-th input or output; null where it is left out.
inline const Tensor* Input(const OpArgs& args, size_t i) {
  return i < args.inputs.size() ? args.inputs[i] : nullptr;
}
inline Tensor* Output(const OpArgs& args, size_t i) {
  return i < args.outputs.size() && args.outputs[i].defined() ? &args.outputs[i] : nullptr;
}

// Refuses a call with fewer inputs, or with one of the first `inputs` or the first output missing.
Status RequireOperands(const OpArgs& args, size_t inputs);

// kInvalidArgument unless the tensor has this shape; `what` names it ("the output").
Status RequireShape(const Tensor& tensor, const Shape& shape, std::string_view what);
Status RequireSameShape(const Tensor& a, const Tensor& b);

// An axis in [-rank, rank) as one in [0, rank).
Result<int64_t> NormaliseAxis(int64_t axis, int rank);
// Several, sorted and without duplicates.
Result<std::vector<int64_t>> NormaliseAxes(std::vector<int64_t> axes, int rank);

// Integers that older opsets take from an attribute and newer ones from an input; the fallback
// where there is neither.
Result<std::vector<int64_t>> IntsOf(const OpArgs& args, size_t input, std::string_view attribute,
                                    std::vector<int64_t> fallback = {});
// One integer or one real number from an input of one element; the fallback where it is left out.
Result<int64_t> ScalarInt(const Tensor* tensor, int64_t fallback);
Result<double> ScalarReal(const Tensor* tensor, double fallback);

// Product of extents[first, last).
int64_t Product(const Shape& shape, size_t first, size_t last);

// A shape seen from one axis: how many slices before it, its extent, how many elements after it.
struct AxisView {
  int64_t outer = 1, extent = 1, inner = 1;
};
AxisView ViewAxis(const Shape& shape, int64_t axis);

}  // namespace peel::engine::reference

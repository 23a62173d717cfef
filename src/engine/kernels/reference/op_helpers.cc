#include "src/engine/kernels/reference/op_helpers.h"

#include <algorithm>

#include "src/engine/kernels/reference/type_dispatch.h"

namespace peel::engine::reference {

Status RequireOperands(const OpArgs& args, size_t inputs) {
  for (size_t i = 0; i < inputs; ++i) {
    if (!Input(args, i)) return InvalidArgument("input " + std::to_string(i) + " is missing");
  }
  if (!Output(args, 0)) return InvalidArgument("the first output is missing");
  return OkStatus();
}

Status RequireShape(const Tensor& tensor, const Shape& shape, std::string_view what) {
  if (tensor.shape() == shape) return OkStatus();
  return InvalidArgument(std::string(what) + " has shape " + ShapeString(tensor.shape()) +
                         " and should have " + ShapeString(shape));
}

Status RequireSameShape(const Tensor& a, const Tensor& b) {
  return RequireShape(b, a.shape(), "the output");
}

Result<int64_t> NormaliseAxis(int64_t axis, int rank) {
  if (axis < -rank || axis >= rank) {
    return InvalidArgument("axis " + std::to_string(axis) + " does not exist in a tensor of " +
                           std::to_string(rank) + " dimensions");
  }
  return axis < 0 ? axis + rank : axis;
}

Result<std::vector<int64_t>> NormaliseAxes(std::vector<int64_t> axes, int rank) {
  for (int64_t& axis : axes) {
    PEEL_ASSIGN_OR_RETURN(axis, NormaliseAxis(axis, rank));
  }
  std::sort(axes.begin(), axes.end());
  axes.erase(std::unique(axes.begin(), axes.end()), axes.end());
  return axes;
}

Result<std::vector<int64_t>> IntsOf(const OpArgs& args, size_t input, std::string_view attribute,
                                    std::vector<int64_t> fallback) {
  if (const Tensor* t = Input(args, input)) return t->AsInt64s();
  return args.node.Ints(attribute, std::move(fallback));
}

Result<int64_t> ScalarInt(const Tensor* tensor, int64_t fallback) {
  if (!tensor) return fallback;
  if (tensor->elements() != 1) {
    return InvalidArgument("expected one number, found shape " + ShapeString(tensor->shape()));
  }
  PEEL_ASSIGN_OR_RETURN(const auto values, tensor->AsInt64s());
  return values[0];
}

Result<double> ScalarReal(const Tensor* tensor, double fallback) {
  if (!tensor) return fallback;
  if (tensor->elements() != 1) {
    return InvalidArgument("expected one number, found shape " + ShapeString(tensor->shape()));
  }
  double value = 0;
  PEEL_RETURN_IF_ERROR(DispatchAny(tensor->type(), [&]<typename T>() {
    value = Convert<double>(*tensor->data<T>());
    return OkStatus();
  }));
  return value;
}

int64_t Product(const Shape& shape, size_t first, size_t last) {
  int64_t n = 1;
  for (size_t d = first; d < last && d < shape.size(); ++d) n *= shape[d];
  return n;
}

AxisView ViewAxis(const Shape& shape, int64_t axis) {
  const auto a = static_cast<size_t>(axis);
  return {Product(shape, 0, a), shape[a], Product(shape, a + 1, shape.size())};
}

}  // namespace peel::engine::reference

// Tensors made from attributes, shapes or a few numbers.
#include <algorithm>
#include <cstring>

#include "src/engine/kernels/reference/elementwise.h"
#include "src/engine/kernels/reference/families.h"

namespace peel::engine::reference {
namespace {

Status CopyAttribute(const void* from, size_t bytes, Tensor& to) {
  if (to.bytes() != bytes) return InvalidArgument("the output does not have the value's shape");
  if (bytes > 0) std::memcpy(to.raw(), from, bytes);
  return OkStatus();
}

Status Constant(const OpArgs& args) {
  PEEL_RETURN_IF_ERROR(RequireOperands(args, 0));
  Tensor& y = args.outputs[0];
  const Node& node = args.node;
  if (const Tensor* value = node.TensorAttribute("value")) {
    return CopyAttribute(value->raw(), value->bytes(), y);
  }
  if (node.HasAttribute("value_int")) {
    const int64_t value = node.Int("value_int", 0);
    return CopyAttribute(&value, sizeof value, y);
  }
  if (node.HasAttribute("value_float")) {
    const float value = node.Float("value_float", 0);
    return CopyAttribute(&value, sizeof value, y);
  }
  if (node.HasAttribute("value_ints")) {
    const auto values = node.Ints("value_ints");
    return CopyAttribute(values.data(), values.size() * sizeof(int64_t), y);
  }
  if (node.HasAttribute("value_floats")) {
    const auto values = node.Floats("value_floats");
    return CopyAttribute(values.data(), values.size() * sizeof(float), y);
  }
  return Unsupported("only number-valued constants are supported");
}

Status ConstantOfShape(const OpArgs& args) {
  PEEL_RETURN_IF_ERROR(RequireOperands(args, 0));
  Tensor& y = args.outputs[0];
  const Tensor* value = args.node.TensorAttribute("value");
  if (!value) {
    if (y.bytes() > 0) std::memset(y.raw(), 0, y.bytes());
    return OkStatus();
  }
  if (value->elements() != 1) return InvalidArgument("the value is not a single number");
  PEEL_RETURN_IF_ERROR(RequireSameType(*value, y));
  return DispatchSize(y.type(), [&]<typename T>() {
    std::fill_n(y.data<T>(), y.elements(), *value->data<T>());
    return OkStatus();
  });
}

Status Shape_(const OpArgs& args) {
  PEEL_RETURN_IF_ERROR(RequireOperands(args, 1));
  const Tensor& x = *args.inputs[0];
  Tensor& y = args.outputs[0];
  const int64_t rank = x.rank();
  const auto bound = [rank](int64_t at) {
    return std::clamp<int64_t>(at < 0 ? at + rank : at, 0, rank);
  };
  const int64_t start = bound(args.node.Int("start", 0));
  const int64_t end = std::max(start, bound(args.node.Int("end", rank)));
  if (y.type() != DataType::kInt64 || y.elements() != end - start) {
    return InvalidArgument("the output is no list of " + std::to_string(end - start) + " integers");
  }
  std::copy(x.shape().begin() + start, x.shape().begin() + end, y.data<int64_t>());
  return OkStatus();
}

Status Size(const OpArgs& args) {
  PEEL_RETURN_IF_ERROR(RequireOperands(args, 1));
  if (args.outputs[0].type() != DataType::kInt64) return RefuseType(args.outputs[0].type());
  PEEL_RETURN_IF_ERROR(RequireShape(args.outputs[0], {}, "the output"));
  *args.outputs[0].data<int64_t>() = args.inputs[0]->elements();
  return OkStatus();
}

Status Range(const OpArgs& args) {
  PEEL_RETURN_IF_ERROR(RequireOperands(args, 3));
  Tensor& y = args.outputs[0];
  for (size_t i = 0; i < 3; ++i) {
    PEEL_RETURN_IF_ERROR(RequireSameType(*args.inputs[i], y));
    if (args.inputs[i]->elements() != 1) return InvalidArgument("expected single numbers");
  }
  return DispatchNumber(y.type(), [&]<typename T>() {
    const T start = *args.inputs[0]->data<T>(), delta = *args.inputs[2]->data<T>();
    for (int64_t i = 0; i < y.elements(); ++i) {
      y.data<T>()[i] = WrapAdd(start, WrapMul(Convert<T>(i), delta));
    }
    return OkStatus();
  });
}

Status EyeLike(const OpArgs& args) {
  PEEL_RETURN_IF_ERROR(RequireOperands(args, 1));
  Tensor& y = args.outputs[0];
  if (y.rank() != 2) return InvalidArgument("the output is no matrix");
  const int64_t k = args.node.Int("k", 0), rows = y.dim(0), columns = y.dim(1);
  if (y.bytes() > 0) std::memset(y.raw(), 0, y.bytes());
  if (k <= -rows || k >= columns) return OkStatus();
  return DispatchAny(y.type(), [&]<typename T>() {
    for (int64_t r = std::max<int64_t>(0, -k); r < rows && r + k < columns; ++r) {
      y.data<T>()[r * columns + r + k] = Convert<T>(1.0f);
    }
    return OkStatus();
  });
}

// values holds [off, on]; an index outside [-depth, depth) sets nothing.
Status OneHot(const OpArgs& args) {
  PEEL_RETURN_IF_ERROR(RequireOperands(args, 3));
  const Tensor &indices = *args.inputs[0], &values = *args.inputs[2];
  Tensor& y = args.outputs[0];
  if (values.elements() != 2) return InvalidArgument("values is not a pair");
  PEEL_RETURN_IF_ERROR(RequireSameType(values, y));
  PEEL_ASSIGN_OR_RETURN(const int64_t axis, NormaliseAxis(args.node.Int("axis", -1), y.rank()));
  const AxisView view = ViewAxis(y.shape(), axis);
  if (view.outer * view.inner != indices.elements()) {
    return InvalidArgument("the output does not fit the indices");
  }
  std::vector<int64_t> at(static_cast<size_t>(indices.elements()));
  PEEL_RETURN_IF_ERROR(DispatchNumber(indices.type(), [&]<typename I>() {
    for (size_t i = 0; i < at.size(); ++i) at[i] = Convert<int64_t>(indices.data<I>()[i]);
    return OkStatus();
  }));
  return DispatchSize(y.type(), [&]<typename T>() {
    const T off = values.data<T>()[0], on = values.data<T>()[1];
    std::fill_n(y.data<T>(), y.elements(), off);
    for (int64_t o = 0; o < view.outer; ++o) {
      for (int64_t i = 0; i < view.inner; ++i) {
        int64_t hot = at[static_cast<size_t>(o * view.inner + i)];
        if (hot < 0) hot += view.extent;
        if (hot < 0 || hot >= view.extent) continue;
        y.data<T>()[(o * view.extent + hot) * view.inner + i] = on;
      }
    }
    return OkStatus();
  });
}

Status Trilu(const OpArgs& args) {
  PEEL_RETURN_IF_ERROR(RequireOperands(args, 1));
  const Tensor& x = *args.inputs[0];
  Tensor& y = args.outputs[0];
  PEEL_RETURN_IF_ERROR(RequireSameShape(x, y));
  PEEL_RETURN_IF_ERROR(RequireSameType(x, y));
  if (x.rank() < 2) return InvalidArgument("the input is no matrix");
  PEEL_ASSIGN_OR_RETURN(int64_t k, ScalarInt(Input(args, 1), 0));
  const bool upper = args.node.Int("upper", 1) != 0;
  const int64_t rows = x.dim(-2), columns = x.dim(-1);
  k = std::clamp(k, -rows - 1, columns + 1);
  const int64_t matrices = Product(x.shape(), 0, static_cast<size_t>(x.rank() - 2));
  return DispatchSize(x.type(), [&]<typename T>() {
    for (int64_t row = 0; row < matrices * rows; ++row) {
      const T* in = x.data<T>() + row * columns;
      T* out = y.data<T>() + row * columns;
      const int64_t diagonal = row % rows + k;  // the first column of the upper part
      for (int64_t c = 0; c < columns; ++c) {
        out[c] = (upper ? c >= diagonal : c <= diagonal) ? in[c] : T{0};
      }
    }
    return OkStatus();
  });
}

constexpr ReferenceEntry kEntries[] = {
    {"", "Constant", 1, Constant},      {"", "ConstantOfShape", 9, ConstantOfShape},
    {"", "Range", 11, Widened<Range>},  {"", "EyeLike", 9, EyeLike},
    {"", "OneHot", 9, Widened<OneHot>}, {"", "Trilu", 14, Trilu},
};
constexpr ReferenceEntry kShapeEntries[] = {
    {"", "Shape", 1, Shape_},
    {"", "Size", 1, Size},
};

}  // namespace

std::span<const ReferenceEntry> GeneratorOps() { return kEntries; }
std::span<const ReferenceEntry> ShapeOps() { return kShapeEntries; }

}  // namespace peel::engine::reference

// QuantizeLinear, DequantizeLinear, DynamicQuantizeLinear.
#include "src/engine/kernels/reference/quantize.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "src/base/checked.h"
#include "src/engine/kernels/reference/families.h"

namespace peel::engine::reference {

Result<QuantisationGrid> QuantisationGrid::Make(const Shape& x, const Tensor& scale, int64_t axis,
                                                int64_t block_size) {
  QuantisationGrid grid;
  const auto rank = static_cast<int>(x.size());
  if (scale.elements() == 1) {
    grid.view_ = {1, Product(x, 0, x.size()), 1};
    return grid;
  }
  PEEL_ASSIGN_OR_RETURN(axis, NormaliseAxis(axis, rank));
  grid.view_ = ViewAxis(x, axis);
  if (scale.rank() == 1 && block_size == 0 && scale.elements() == grid.view_.extent) {
    grid.step_ = 1;
    return grid;
  }
  Shape expected = x;
  int64_t& blocks = expected[static_cast<size_t>(axis)];
  if (block_size > 0) blocks = DivideUp(blocks, block_size);
  if (block_size <= 0 || scale.shape() != expected) {
    return InvalidArgument("a scale of shape " + ShapeString(scale.shape()) +
                           " does not fit an input of shape " + ShapeString(x));
  }
  grid.blocks_ = blocks;
  grid.block_ = block_size;
  return grid;
}

Result<Tensor> Centred(const Tensor& t, const Tensor* zero_points, int64_t axis) {
  if (t.type() != DataType::kUint8 && t.type() != DataType::kInt8) return RefuseType(t.type());
  PEEL_ASSIGN_OR_RETURN(Tensor out, Tensor::Allocate(DataType::kInt32, t.shape()));
  std::vector<int64_t> zero{0};
  AxisView view{1, 1, t.elements()};
  if (zero_points) {
    PEEL_ASSIGN_OR_RETURN(zero, zero_points->AsInt64s());
    if (zero.size() != 1) {
      PEEL_ASSIGN_OR_RETURN(axis, NormaliseAxis(axis, t.rank()));
      view = ViewAxis(t.shape(), axis);
      if (static_cast<int64_t>(zero.size()) != view.extent) {
        return InvalidArgument("the zero points do not fit the operand");
      }
    }
  }
  PEEL_RETURN_IF_ERROR(DispatchInteger(t.type(), [&]<typename T>() {
    const T* in = t.data<T>();
    auto* to = out.data<int32_t>();
    for (int64_t row = 0; row < view.outer * view.extent; ++row) {
      const auto z = static_cast<int32_t>(zero[static_cast<size_t>(row % view.extent)]);
      for (int64_t i = 0; i < view.inner; ++i, ++in, ++to) *to = static_cast<int32_t>(*in) - z;
    }
    return OkStatus();
  }));
  return out;
}

namespace {

Result<std::vector<int64_t>> ZeroPoints(const Tensor* t, const Tensor& scale) {
  if (!t) return std::vector<int64_t>(static_cast<size_t>(scale.elements()), 0);
  if (t->elements() != scale.elements()) {
    return InvalidArgument("as many zero points as scales are needed");
  }
  return t->AsInt64s();
}

// How (De)QuantizeLinear's numbers are spaced, from its operands and attributes.
struct Scheme {
  QuantisationGrid grid;
  std::vector<int64_t> zero;
  std::vector<float> scales;
};

Result<Scheme> ReadScheme(const OpArgs& args) {
  PEEL_RETURN_IF_ERROR(RequireOperands(args, 2));
  const Tensor &x = *args.inputs[0], &scale = *args.inputs[1];
  PEEL_RETURN_IF_ERROR(RequireSameShape(x, args.outputs[0]));
  Scheme scheme;
  PEEL_ASSIGN_OR_RETURN(scheme.grid,
                        QuantisationGrid::Make(x.shape(), scale, args.node.Int("axis", 1),
                                               args.node.Int("block_size", 0)));
  PEEL_ASSIGN_OR_RETURN(scheme.zero, ZeroPoints(Input(args, 2), scale));
  PEEL_ASSIGN_OR_RETURN(scheme.scales, scale.AsFloats());
  return scheme;
}

Status QuantizeLinear(const OpArgs& args) {
  PEEL_ASSIGN_OR_RETURN(const Scheme scheme, ReadScheme(args));
  const Tensor& x = *args.inputs[0];
  Tensor& y = args.outputs[0];
  return DispatchNumber(x.type(), [&]<typename X>() {
    return DispatchInteger(y.type(), [&]<typename Y>() {
      scheme.grid.ForEach([&](int64_t at, int64_t p) {
        const auto k = static_cast<size_t>(p);
        y.data<Y>()[at] =
            Quantize<Y>(static_cast<float>(x.data<X>()[at]) / scheme.scales[k], scheme.zero[k]);
      });
      return OkStatus();
    });
  });
}

Status DequantizeLinear(const OpArgs& args) {
  PEEL_ASSIGN_OR_RETURN(const Scheme scheme, ReadScheme(args));
  const Tensor& x = *args.inputs[0];
  Tensor& y = args.outputs[0];
  return DispatchInteger(x.type(), [&]<typename X>() {
    return DispatchReal(y.type(), [&]<typename Y>() {
      scheme.grid.ForEach([&](int64_t at, int64_t p) {
        const auto k = static_cast<size_t>(p);
        const auto centred = static_cast<Y>(static_cast<int64_t>(x.data<X>()[at]) - scheme.zero[k]);
        y.data<Y>()[at] = centred * static_cast<Y>(scheme.scales[k]);
      });
      return OkStatus();
    });
  });
}

// To uint8 over the range of the values and 0.
Status DynamicQuantizeLinear(const OpArgs& args) {
  PEEL_RETURN_IF_ERROR(RequireOperands(args, 1));
  const Tensor& x = *args.inputs[0];
  Tensor &y = args.outputs[0], *scale_out = Output(args, 1), *zero_out = Output(args, 2);
  PEEL_RETURN_IF_ERROR(RequireSameShape(x, y));
  if (x.type() != DataType::kFloat32) return RefuseType(x.type());
  if (y.type() != DataType::kUint8) return RefuseType(y.type());
  if ((scale_out && (scale_out->type() != DataType::kFloat32 || scale_out->elements() != 1)) ||
      (zero_out && (zero_out->type() != DataType::kUint8 || zero_out->elements() != 1))) {
    return InvalidArgument("scale and zero point are not a float32 and a uint8");
  }
  float low = 0, high = 0;
  for (int64_t i = 0; i < x.elements(); ++i) {
    low = std::min(low, x.data<float>()[i]);
    high = std::max(high, x.data<float>()[i]);
  }
  const float scale = high == low ? 1.0f : (high - low) / 255.0f;
  const uint8_t zero = Truncate<uint8_t>(std::nearbyint(-low / scale));
  for (int64_t i = 0; i < x.elements(); ++i) {
    y.data<uint8_t>()[i] = Quantize<uint8_t>(x.data<float>()[i] / scale, zero);
  }
  if (scale_out) *scale_out->data<float>() = scale;
  if (zero_out) *zero_out->data<uint8_t>() = zero;
  return OkStatus();
}

constexpr ReferenceEntry kEntries[] = {
    {"", "QuantizeLinear", 10, Widened<QuantizeLinear>},
    {"", "DequantizeLinear", 10, Widened<DequantizeLinear>},
    {"", "DynamicQuantizeLinear", 11, DynamicQuantizeLinear},
};

}  // namespace

std::span<const ReferenceEntry> QuantizeOps() { return kEntries; }

}  // namespace peel::engine::reference

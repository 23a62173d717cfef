// Convolutions and matrix products of eight-bit integers: exact in int32, then scaled.
#include <vector>

#include "src/engine/kernels/reference/conv_loops.h"
#include "src/engine/kernels/reference/families.h"
#include "src/engine/kernels/reference/matmul_loops.h"
#include "src/engine/kernels/reference/quantize.h"

namespace peel::engine::reference {
namespace {

// int32 sums wrap: signed overflow would be undefined, so they are computed as unsigned.
const uint32_t* Bits(const Tensor& t) { return t.data<uint32_t>(); }

// Scales of a quantised operand: one, or one for each of n rows or columns.
Result<std::vector<float>> Scales(const Tensor& t, int64_t n) {
  if (t.elements() != 1 && t.elements() != n) {
    return InvalidArgument("a scale of shape " + ShapeString(t.shape()) + " does not fit");
  }
  PEEL_ASSIGN_OR_RETURN(auto scales, t.AsFloats());
  if (t.elements() == 1) scales.resize(static_cast<size_t>(n), scales.empty() ? 1.0f : scales[0]);
  return scales;
}

// store(channel, offset, int32 sum) over the convolution of centred operands.
template <typename Store>
Status ConvolveCentred(const OpArgs& args, const Tensor& x, const Tensor* x_zero, const Tensor& w,
                       const Tensor* w_zero, Store&& store) {
  const Tensor& y = args.outputs[0];
  PEEL_ASSIGN_OR_RETURN(const ConvCounts n, CountChannels(args.node, x, w, y));
  PEEL_ASSIGN_OR_RETURN(const Window window, MakeWindow(args.node, x.shape(), y.shape(), n.kernel));
  PEEL_ASSIGN_OR_RETURN(const Tensor cx, Centred(x, x_zero, 0));
  PEEL_ASSIGN_OR_RETURN(const Tensor cw, Centred(w, w_zero, 0));
  const ConvOperands<uint32_t> operands{Bits(cx), Bits(cw),      n.batch,
                                        n.groups, n.in_channels, n.out_channels};
  return Convolve(operands, window, [&](int64_t channel, int64_t at, uint32_t sum) {
    store(channel, at, static_cast<int32_t>(sum));
  });
}

Status ConvInteger(const OpArgs& args) {
  PEEL_RETURN_IF_ERROR(RequireOperands(args, 2));
  Tensor& y = args.outputs[0];
  if (y.type() != DataType::kInt32) return RefuseType(y.type());
  auto* out = y.data<int32_t>();
  return ConvolveCentred(args, *args.inputs[0], Input(args, 2), *args.inputs[1], Input(args, 3),
                         [out](int64_t, int64_t at, int32_t sum) { out[at] = sum; });
}

Status QLinearConv(const OpArgs& args) {
  PEEL_RETURN_IF_ERROR(RequireOperands(args, 8));
  const Tensor &x = *args.inputs[0], &w = *args.inputs[3];
  const Tensor* bias = Input(args, 8);
  Tensor& y = args.outputs[0];
  if (w.rank() < 1) return InvalidArgument("the weights are a scalar");
  const int64_t channels = w.dim(0);
  PEEL_ASSIGN_OR_RETURN(const double x_scale, ScalarReal(args.inputs[1], 1));
  PEEL_ASSIGN_OR_RETURN(const auto w_scales, Scales(*args.inputs[4], channels));
  PEEL_ASSIGN_OR_RETURN(const double y_scale, ScalarReal(args.inputs[6], 1));
  PEEL_ASSIGN_OR_RETURN(const int64_t y_zero, ScalarInt(args.inputs[7], 0));
  if (bias && (bias->type() != DataType::kInt32 || bias->elements() != channels)) {
    return InvalidArgument("the bias is not one int32 a channel");
  }
  return DispatchInteger(y.type(), [&]<typename Y>() {
    return ConvolveCentred(
        args, x, args.inputs[2], w, args.inputs[5], [&](int64_t channel, int64_t at, int32_t sum) {
          const double total =
              static_cast<double>(sum) + (bias ? bias->data<int32_t>()[channel] : 0);
          const double scale = x_scale * w_scales[static_cast<size_t>(channel)] / y_scale;
          y.data<Y>()[at] = Quantize<Y>(total * scale, y_zero);
        });
  });
}

// The int32 product of centred operands: zero points of a are one or one a row, of b one or one a
// column.
Result<Tensor> MultiplyCentred(const MatMulPlan& plan, const Tensor& a, const Tensor* a_zero,
                               const Tensor& b, const Tensor* b_zero, const Shape& shape) {
  PEEL_ASSIGN_OR_RETURN(const Tensor ca, Centred(a, a_zero, a.rank() > 1 ? -2 : 0));
  PEEL_ASSIGN_OR_RETURN(const Tensor cb, Centred(b, b_zero, -1));
  PEEL_ASSIGN_OR_RETURN(Tensor product, Tensor::Allocate(DataType::kInt32, shape));
  RunMatMul(plan, Bits(ca), Bits(cb), product.data<uint32_t>());
  return product;
}

Status MatMulInteger(const OpArgs& args) {
  PEEL_RETURN_IF_ERROR(RequireOperands(args, 2));
  const Tensor &a = *args.inputs[0], &b = *args.inputs[1];
  Tensor& y = args.outputs[0];
  if (y.type() != DataType::kInt32) return RefuseType(y.type());
  PEEL_ASSIGN_OR_RETURN(const MatMulPlan plan, PlanMatMul(a.shape(), b.shape(), y.elements()));
  PEEL_ASSIGN_OR_RETURN(const Tensor product,
                        MultiplyCentred(plan, a, Input(args, 2), b, Input(args, 3), y.shape()));
  std::copy_n(product.data<int32_t>(), product.elements(), y.data<int32_t>());
  return OkStatus();
}

Status QLinearMatMul(const OpArgs& args) {
  PEEL_RETURN_IF_ERROR(RequireOperands(args, 8));
  const Tensor &a = *args.inputs[0], &b = *args.inputs[3];
  Tensor& y = args.outputs[0];
  PEEL_ASSIGN_OR_RETURN(const MatMulPlan plan, PlanMatMul(a.shape(), b.shape(), y.elements()));
  PEEL_ASSIGN_OR_RETURN(const auto a_scales, Scales(*args.inputs[1], plan.rows));
  PEEL_ASSIGN_OR_RETURN(const auto b_scales, Scales(*args.inputs[4], plan.columns));
  PEEL_ASSIGN_OR_RETURN(const double y_scale, ScalarReal(args.inputs[6], 1));
  PEEL_ASSIGN_OR_RETURN(const int64_t y_zero, ScalarInt(args.inputs[7], 0));
  PEEL_ASSIGN_OR_RETURN(const Tensor product,
                        MultiplyCentred(plan, a, args.inputs[2], b, args.inputs[5], y.shape()));
  return DispatchInteger(y.type(), [&]<typename Y>() {
    for (int64_t i = 0; i < y.elements(); ++i) {
      const auto row = static_cast<size_t>(i / plan.columns % plan.rows);
      const auto column = static_cast<size_t>(i % plan.columns);
      const double scale = static_cast<double>(a_scales[row]) * b_scales[column] / y_scale;
      y.data<Y>()[i] = Quantize<Y>(product.data<int32_t>()[i] * scale, y_zero);
    }
    return OkStatus();
  });
}

constexpr ReferenceEntry kEntries[] = {
    {"", "ConvInteger", 10, ConvInteger},
    {"", "QLinearConv", 10, Widened<QLinearConv>},
    {"", "MatMulInteger", 10, MatMulInteger},
    {"", "QLinearMatMul", 10, Widened<QLinearMatMul>},
};

}  // namespace

std::span<const ReferenceEntry> QuantizedMatrixOps() { return kEntries; }

}  // namespace peel::engine::reference

// peel.QConv, peel.QTable, peel.QAdd, peel.QResize, peel.QGlobalAveragePool: what their schemas
// (graph/schemas/integer.cc) say, in the plainest way.
#include <algorithm>
#include <cmath>
#include <vector>

#include "src/engine/kernels/reference/conv_loops.h"
#include "src/engine/kernels/reference/families.h"
#include "src/engine/kernels/reference/op_helpers.h"
#include "src/engine/kernels/requantize.h"

namespace peel::engine::reference {
namespace {

Status RequireType(const Tensor& tensor, DataType type) {
  return tensor.type() == type ? OkStatus()
                               : Unsupported(std::string("element type ") +
                                             DataTypeName(tensor.type()) + " is not supported");
}

float ActivateFloat(const Node& node, float x) {
  const std::string name = node.String("activation", "none");
  if (name == "relu") return x < 0 ? 0.0f : x;
  if (name != "clip") return x;
  return std::min(std::max(x, node.Float("activation_alpha", 0)), node.Float("activation_beta", 0));
}

Status QConv(const OpArgs& args) {
  PEEL_RETURN_IF_ERROR(RequireOperands(args, 3));
  const Tensor &x = *args.inputs[0], &weights = *args.inputs[1], &multiplier = *args.inputs[2];
  const Tensor* bias = Input(args, 3);
  Tensor& y = args.outputs[0];
  PEEL_RETURN_IF_ERROR(RequireType(x, DataType::kUint8));
  PEEL_RETURN_IF_ERROR(RequireType(weights, DataType::kInt8));
  PEEL_RETURN_IF_ERROR(RequireType(multiplier, DataType::kFloat32));
  PEEL_ASSIGN_OR_RETURN(const ConvCounts n, CountChannels(args.node, x, weights, y));
  PEEL_ASSIGN_OR_RETURN(const Window window, MakeWindow(args.node, x.shape(), y.shape(), n.kernel));
  PEEL_RETURN_IF_ERROR(RequireShape(multiplier, {weights.dim(0)}, "the multiplier"));
  if (bias) PEEL_RETURN_IF_ERROR(RequireShape(*bias, {weights.dim(0)}, "the bias"));
  // int32 sums wrap: signed overflow would be undefined, so they are computed as unsigned.
  const auto x_zero = static_cast<uint32_t>(args.node.Int("x_zero", 0));
  std::vector<uint32_t> centred(static_cast<size_t>(x.elements()));
  for (int64_t i = 0; i < x.elements(); ++i) {
    centred[static_cast<size_t>(i)] = x.data<uint8_t>()[i] - x_zero;
  }
  const std::vector<uint32_t> wide(weights.data<int8_t>(),
                                   weights.data<int8_t>() + weights.elements());
  const ConvOperands<uint32_t> operands{centred.data(), wide.data(),   n.batch,
                                        n.groups,       n.in_channels, n.out_channels};
  const float* scale = multiplier.data<float>();
  const auto sum_of = [bias](int64_t channel, uint32_t sum) {
    if (bias) sum += bias->data<uint32_t>()[channel];
    return static_cast<float>(static_cast<int32_t>(sum));
  };
  if (y.type() == DataType::kFloat32) {
    return Convolve(operands, window, [&](int64_t channel, int64_t at, uint32_t sum) {
      y.data<float>()[at] = ActivateFloat(args.node, sum_of(channel, sum) * scale[channel]);
    });
  }
  PEEL_RETURN_IF_ERROR(RequireType(y, DataType::kUint8));
  const ByteRange range = ByteRangeOf(args.node);
  return Convolve(operands, window, [&](int64_t channel, int64_t at, uint32_t sum) {
    y.data<uint8_t>()[at] = RoundToByte(sum_of(channel, sum) * scale[channel], range);
  });
}

Status QTable(const OpArgs& args) {
  PEEL_RETURN_IF_ERROR(RequireOperands(args, 2));
  const Tensor &x = *args.inputs[0], &table = *args.inputs[1];
  Tensor& y = args.outputs[0];
  PEEL_RETURN_IF_ERROR(RequireSameShape(x, y));
  for (const Tensor* t : {&x, &table, static_cast<const Tensor*>(&y)}) {
    PEEL_RETURN_IF_ERROR(RequireType(*t, DataType::kUint8));
  }
  PEEL_RETURN_IF_ERROR(RequireShape(table, {256}, "the table"));
  for (int64_t i = 0; i < x.elements(); ++i) {
    y.data<uint8_t>()[i] = table.data<uint8_t>()[x.data<uint8_t>()[i]];
  }
  return OkStatus();
}

Status QAdd(const OpArgs& args) {
  PEEL_RETURN_IF_ERROR(RequireOperands(args, 2));
  const Tensor &a = *args.inputs[0], &b = *args.inputs[1];
  Tensor& y = args.outputs[0];
  PEEL_RETURN_IF_ERROR(RequireSameShape(a, y));
  PEEL_RETURN_IF_ERROR(RequireSameShape(b, y));
  for (const Tensor* t : {&a, &b, static_cast<const Tensor*>(&y)}) {
    PEEL_RETURN_IF_ERROR(RequireType(*t, DataType::kUint8));
  }
  const ByteRange range = ByteRangeOf(args.node);
  const auto a_zero = static_cast<int>(args.node.Int("a_zero", 0));
  const auto b_zero = static_cast<int>(args.node.Int("b_zero", 0));
  const float a_scale = args.node.Float("a_scale", 1), b_scale = args.node.Float("b_scale", 1);
  for (int64_t i = 0; i < y.elements(); ++i) {
    // Two products that are rounded before they are added: the same on every CPU.
    const volatile float left = static_cast<float>(a.data<uint8_t>()[i] - a_zero) * a_scale;
    const volatile float right = static_cast<float>(b.data<uint8_t>()[i] - b_zero) * b_scale;
    y.data<uint8_t>()[i] = RoundToByte(left + right, range);
  }
  return OkStatus();
}

Status QResize(const OpArgs& args) {
  PEEL_RETURN_IF_ERROR(RequireOperands(args, 1));
  const Tensor& x = *args.inputs[0];
  Tensor& y = args.outputs[0];
  PEEL_RETURN_IF_ERROR(RequireType(x, DataType::kUint8));
  PEEL_RETURN_IF_ERROR(RequireType(y, DataType::kUint8));
  const int64_t zero = args.node.Int("x_zero", 0);
  PEEL_ASSIGN_OR_RETURN(Tensor wide, Tensor::Allocate(DataType::kFloat64, x.shape()));
  for (int64_t i = 0; i < x.elements(); ++i) {
    wide.data<double>()[i] = static_cast<double>(x.data<uint8_t>()[i] - zero);
  }
  std::vector<Tensor> result(1);
  PEEL_ASSIGN_OR_RETURN(result[0], Tensor::Allocate(DataType::kFloat64, y.shape()));
  Node plain = args.node;
  plain.domain.clear();
  plain.op_type = "Resize";
  std::vector<const Tensor*> inputs(args.inputs.begin(), args.inputs.end());
  inputs[0] = &wide;
  PEEL_RETURN_IF_ERROR(RunReference(plain, inputs, result));
  for (int64_t i = 0; i < y.elements(); ++i) {
    const double value = std::nearbyint(result[0].data<double>()[i]) + static_cast<double>(zero);
    y.data<uint8_t>()[i] = static_cast<uint8_t>(std::clamp(value, 0.0, 255.0));
  }
  return OkStatus();
}

Status QGlobalAveragePool(const OpArgs& args) {
  PEEL_RETURN_IF_ERROR(RequireOperands(args, 1));
  const Tensor& x = *args.inputs[0];
  Tensor& y = args.outputs[0];
  PEEL_RETURN_IF_ERROR(RequireType(x, DataType::kUint8));
  PEEL_RETURN_IF_ERROR(RequireType(y, DataType::kUint8));
  if (y.elements() == 0) return OkStatus();
  const int64_t pixels = x.elements() / y.elements();
  const int64_t x_zero = args.node.Int("x_zero", 0);
  const ByteRange range = ByteRangeOf(args.node);
  const float scale = args.node.Float("scale", 1);
  for (int64_t i = 0; i < y.elements(); ++i) {
    int64_t sum = 0;
    for (int64_t k = 0; k < pixels; ++k) sum += x.data<uint8_t>()[i * pixels + k];
    sum -= pixels * x_zero;
    y.data<uint8_t>()[i] =
        RoundToByte(static_cast<float>(sum) / static_cast<float>(pixels) * scale, range);
  }
  return OkStatus();
}

constexpr ReferenceEntry kEntries[] = {
    {"peel", "QConv", 1, QConv},
    {"peel", "QTable", 1, QTable},
    {"peel", "QAdd", 1, QAdd},
    {"peel", "QResize", 1, QResize},
    {"peel", "QGlobalAveragePool", 1, QGlobalAveragePool},
};

}  // namespace

std::span<const ReferenceEntry> IntegerOps() { return kEntries; }

}  // namespace peel::engine::reference

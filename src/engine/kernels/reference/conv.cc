// Conv and the fused peel.Conv: act(conv(X) + B + residual), or with the attribute
// residual_after act(conv(X) + B) + residual; peel.ConvMaxPool: the same, then pooled by 2×2.
#include <algorithm>
#include <cmath>
#include <string>

#include "src/engine/kernels/epilogue.h"
#include "src/engine/kernels/reference/activation_formulas.h"
#include "src/engine/kernels/reference/conv_loops.h"
#include "src/engine/kernels/reference/families.h"
#include "src/engine/kernels/reference/type_dispatch.h"

namespace peel::engine::reference {

Result<ConvCounts> CountChannels(const Node& node, const Tensor& x, const Tensor& weights,
                                 const Tensor& y) {
  if (x.rank() < 3 || weights.rank() != x.rank() || y.rank() != x.rank()) {
    return InvalidArgument("input of shape " + ShapeString(x.shape()) + " and weights of shape " +
                           ShapeString(weights.shape()) + " do not fit");
  }
  ConvCounts n;
  n.batch = x.dim(0);
  n.groups = node.Int("group", 1);
  n.in_channels = weights.dim(1);
  n.kernel.assign(weights.shape().begin() + 2, weights.shape().end());
  const bool groups_fit = n.groups > 0 && n.groups <= std::max<int64_t>(1, weights.dim(0)) &&
                          weights.dim(0) % n.groups == 0 && x.dim(1) % n.groups == 0 &&
                          x.dim(1) / n.groups == n.in_channels;
  if (!groups_fit || y.dim(0) != n.batch || y.dim(1) != weights.dim(0)) {
    return InvalidArgument("channels of input " + ShapeString(x.shape()) + ", weights " +
                           ShapeString(weights.shape()) + ", output " + ShapeString(y.shape()) +
                           " and " + std::to_string(n.groups) + " groups do not fit");
  }
  n.out_channels = weights.dim(0) / n.groups;
  return n;
}

namespace {

Result<Activation> ParseActivation(const std::string& name) {
  static constexpr struct {
    const char* name;
    Activation value;
  } kNames[] = {
      {"", Activation::kNone},
      {"none", Activation::kNone},
      {"relu", Activation::kRelu},
      {"leaky_relu", Activation::kLeakyRelu},
      {"clip", Activation::kClip},
      {"sigmoid", Activation::kSigmoid},
      {"tanh", Activation::kTanh},
      {"hard_sigmoid", Activation::kHardSigmoid},
      {"hard_swish", Activation::kHardSwish},
      {"silu", Activation::kSilu},
      {"gelu", Activation::kGelu},
      {"elu", Activation::kElu},
      {"softplus", Activation::kSoftplus},
  };
  for (const auto& entry : kNames) {
    if (name == entry.name) return entry.value;
  }
  return Unsupported("activation '" + name + "' is not supported");
}

template <typename T>
T Activate(Activation activation, T x, T alpha, T beta) {
  switch (activation) {
    case Activation::kNone:
      return x;
    case Activation::kRelu:
      return x < 0 ? T{0} : x;
    case Activation::kLeakyRelu:
      return x < 0 ? alpha * x : x;
    case Activation::kClip:
      return std::min(std::max(x, alpha), beta);
    case Activation::kSigmoid:
      return formulas::Sigmoid(x);
    case Activation::kTanh:
      return std::tanh(x);
    case Activation::kHardSigmoid:
      return formulas::HardSigmoid(x, alpha, beta);
    case Activation::kHardSwish:
      return formulas::HardSwish(x);
    case Activation::kSilu:
      return x * formulas::Sigmoid(x);
    case Activation::kGelu:
      return formulas::Gelu(x);
    case Activation::kElu:
      return formulas::Elu(x, alpha);
    case Activation::kSoftplus:
      return formulas::Softplus(x);
  }
  return x;
}

Status RunConv(const OpArgs& args, const Tensor* residual, Activation activation) {
  PEEL_RETURN_IF_ERROR(RequireOperands(args, 2));
  const Tensor &x = *args.inputs[0], &weights = *args.inputs[1];
  const Tensor* bias = Input(args, 2);
  Tensor& y = args.outputs[0];
  PEEL_ASSIGN_OR_RETURN(const ConvCounts n, CountChannels(args.node, x, weights, y));
  PEEL_ASSIGN_OR_RETURN(const Window window, MakeWindow(args.node, x.shape(), y.shape(), n.kernel));
  for (const Tensor* t : {&weights, bias, residual}) {
    if (t && t->type() != x.type()) return InvalidArgument("operands of different types");
  }
  if (y.type() != x.type()) return RefuseType(y.type());
  if (bias) PEEL_RETURN_IF_ERROR(RequireShape(*bias, {weights.dim(0)}, "the bias"));
  if (residual) PEEL_RETURN_IF_ERROR(RequireShape(*residual, y.shape(), "the residual"));
  const float alpha = args.node.Float("activation_alpha", 0);
  const float beta = args.node.Float("activation_beta", 0);
  const bool after = args.node.Int("residual_after", 0) != 0;
  return DispatchReal(x.type(), [&]<typename T>() {
    const ConvOperands<T> operands{x.data<T>(), weights.data<T>(), n.batch,
                                   n.groups,    n.in_channels,     n.out_channels};
    T* out = y.data<T>();
    if (!residual && activation == Activation::kNone) {
      if (!bias) {
        return Convolve(operands, window, [=](int64_t, int64_t at, T sum) { out[at] = sum; });
      }
      const T* b = bias->data<T>();
      return Convolve(operands, window,
                      [=](int64_t channel, int64_t at, T sum) { out[at] = sum + b[channel]; });
    }
    return Convolve(operands, window, [&](int64_t channel, int64_t at, T sum) {
      if (bias) sum += bias->data<T>()[channel];
      if (residual && !after) sum += residual->data<T>()[at];
      sum = Activate(activation, sum, static_cast<T>(alpha), static_cast<T>(beta));
      out[at] = residual && after ? sum + residual->data<T>()[at] : sum;
    });
  });
}

Status Conv(const OpArgs& args) { return RunConv(args, nullptr, Activation::kNone); }

Status FusedConv(const OpArgs& args) {
  PEEL_ASSIGN_OR_RETURN(const Activation activation,
                        ParseActivation(args.node.String("activation", "")));
  return RunConv(args, Input(args, 3), activation);
}

Status ConvMaxPool(const OpArgs& args) {
  PEEL_RETURN_IF_ERROR(RequireOperands(args, 2));
  Tensor& y = args.outputs[0];
  if (y.rank() != 4) return InvalidArgument("the output is no image");
  PEEL_ASSIGN_OR_RETURN(
      Tensor whole, Tensor::Allocate(y.type(), {y.dim(0), y.dim(1), 2 * y.dim(2), 2 * y.dim(3)}));
  PEEL_RETURN_IF_ERROR(FusedConv({args.node, args.inputs, {&whole, 1}}));
  const int64_t width = y.dim(3);
  return DispatchReal(y.type(), [&]<typename T>() {
    const T* from = whole.data<T>();
    T* to = y.data<T>();
    for (int64_t row = 0; row < y.dim(0) * y.dim(1) * y.dim(2); ++row, from += 4 * width) {
      for (int64_t x = 0; x < width; ++x) {
        const T* pair = from + 2 * x;
        *to++ =
            std::max(std::max(pair[0], pair[1]), std::max(pair[2 * width], pair[2 * width + 1]));
      }
    }
    return OkStatus();
  });
}

constexpr ReferenceEntry kEntries[] = {
    {"", "Conv", 1, Widened<Conv>},
    {"peel", "Conv", 0, Widened<FusedConv>},
    {"peel", "ConvMaxPool", 0, Widened<ConvMaxPool>},
};

}  // namespace

std::span<const ReferenceEntry> ConvOps() { return kEntries; }

}  // namespace peel::engine::reference

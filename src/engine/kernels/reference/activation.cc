// Activations, the fused ones' formulas included (activation_formulas.h).
#include <cmath>
#include <string>

#include "src/engine/kernels/reference/activation_formulas.h"
#include "src/engine/kernels/reference/elementwise.h"
#include "src/engine/kernels/reference/families.h"

namespace peel::engine::reference {
namespace {

struct ReluFn {
  template <typename T>
  T operator()(T x) const {
    return x < T{0} ? T{0} : x;  // NaN stays
  }
};
struct SigmoidFn {
  auto operator()(auto x) const { return formulas::Sigmoid(x); }
};
struct SoftplusFn {
  auto operator()(auto x) const { return formulas::Softplus(x); }
};
struct SoftsignFn {
  auto operator()(auto x) const { return x / (decltype(x){1} + std::fabs(x)); }
};
struct HardSwishFn {
  auto operator()(auto x) const { return formulas::HardSwish(x); }
};
struct MishFn {
  auto operator()(auto x) const { return x * std::tanh(formulas::Softplus(x)); }
};

Status LeakyRelu(const OpArgs& args) {
  const float alpha = args.node.Float("alpha", 0.01f);
  return MapRealsWith(args, [=]<typename T>(T x) { return x < 0 ? static_cast<T>(alpha) * x : x; });
}

Status ThresholdedRelu(const OpArgs& args) {
  const float alpha = args.node.Float("alpha", 1.0f);
  return MapRealsWith(args, [=]<typename T>(T x) { return x > static_cast<T>(alpha) ? x : T{0}; });
}

Status Elu(const OpArgs& args) {
  const float alpha = args.node.Float("alpha", 1.0f);
  return MapRealsWith(args,
                      [=]<typename T>(T x) { return formulas::Elu(x, static_cast<T>(alpha)); });
}

Status Selu(const OpArgs& args) {
  const float alpha = args.node.Float("alpha", 1.67326319217681884765625f);
  const float gamma = args.node.Float("gamma", 1.05070102214813232421875f);
  return MapRealsWith(args, [=]<typename T>(T x) {
    return static_cast<T>(gamma) * formulas::Elu(x, static_cast<T>(alpha));
  });
}

Status Celu(const OpArgs& args) {
  const float alpha = args.node.Float("alpha", 1.0f);
  return MapRealsWith(args, [=]<typename T>(T x) {
    const T a = static_cast<T>(alpha);
    return x > 0 ? x : a * std::expm1(x / a);
  });
}

Status HardSigmoid(const OpArgs& args) {
  const float alpha = args.node.Float("alpha", 0.2f), beta = args.node.Float("beta", 0.5f);
  return MapRealsWith(args, [=]<typename T>(T x) {
    return formulas::HardSigmoid(x, static_cast<T>(alpha), static_cast<T>(beta));
  });
}

Status Shrink(const OpArgs& args) {
  const float bias = args.node.Float("bias", 0.0f), lambd = args.node.Float("lambd", 0.5f);
  return MapNumbersWith(args, [=]<typename T>(T x) {
    const double v = static_cast<double>(x);
    if (v < -lambd) return Convert<T>(v + bias);
    if (v > lambd) return Convert<T>(v - bias);
    return T{0};
  });
}

Status Swish(const OpArgs& args) {
  const float alpha = args.node.Float("alpha", 1.0f);
  return MapRealsWith(
      args, [=]<typename T>(T x) { return x * formulas::Sigmoid(static_cast<T>(alpha) * x); });
}

Status Gelu(const OpArgs& args) {
  const std::string approximate = args.node.String("approximate", "none");
  if (approximate == "tanh") {
    return MapRealsWith(args, []<typename T>(T x) { return formulas::GeluTanh(x); });
  }
  return MapRealsWith(args, []<typename T>(T x) { return formulas::Gelu(x); });
}

// The slope broadcasts to the input; before opset 9 it could be given per channel only, which
// numpy's rules cover once the trailing extents are there.
Status PRelu(const OpArgs& args) {
  PEEL_RETURN_IF_ERROR(RequireOperands(args, 2));
  const Tensor& x = *args.inputs[0];
  Tensor slope = *args.inputs[1];
  if (args.node.opset < 9 && slope.rank() == 1 && x.rank() > 2 && slope.dim(0) == x.dim(1)) {
    Shape shape(static_cast<size_t>(x.rank() - 1), 1);
    shape[0] = slope.dim(0);
    PEEL_ASSIGN_OR_RETURN(slope, slope.Reshaped(std::move(shape)));
  }
  PEEL_RETURN_IF_ERROR(RequireSameType(x, slope));
  PEEL_RETURN_IF_ERROR(RequireSameShape(x, args.outputs[0]));
  return DispatchNumber(x.type(), [&]<typename T>() {
    return BroadcastBinary<T, T, T>(x, slope, args.outputs[0],
                                    [](T v, T s) { return v < T{0} ? WrapMul(v, s) : v; });
  });
}

constexpr ReferenceEntry kEntries[] = {
    {"", "Relu", 1, kMapNumbers<ReluFn>},
    {"", "Sigmoid", 1, kMapReals<SigmoidFn>},
    {"", "Softplus", 1, kMapReals<SoftplusFn>},
    {"", "Softsign", 1, kMapReals<SoftsignFn>},
    {"", "HardSwish", 14, kMapReals<HardSwishFn>},
    {"", "Mish", 18, kMapReals<MishFn>},
    {"", "LeakyRelu", 1, Widened<LeakyRelu>},
    {"", "ThresholdedRelu", 10, Widened<ThresholdedRelu>},
    {"", "Elu", 1, Widened<Elu>},
    {"", "Selu", 1, Widened<Selu>},
    {"", "Celu", 12, Widened<Celu>},
    {"", "HardSigmoid", 1, Widened<HardSigmoid>},
    {"", "Shrink", 9, Widened<Shrink>},
    {"", "Swish", 24, Widened<Swish>},
    {"", "Gelu", 20, Widened<Gelu>},
    {"", "PRelu", 1, Widened<PRelu>},
};

}  // namespace

std::span<const ReferenceEntry> ActivationOps() { return kEntries; }

}  // namespace peel::engine::reference

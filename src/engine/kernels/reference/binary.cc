// Arithmetic on two or more operands with broadcasting.
#include <algorithm>
#include <cmath>
#include <vector>

#include "src/engine/kernels/reference/elementwise.h"
#include "src/engine/kernels/reference/families.h"

namespace peel::engine::reference {
namespace {

struct AddFn {
  template <typename T>
  T operator()(T a, T b) const {
    return WrapAdd(a, b);
  }
};
struct SubFn {
  template <typename T>
  T operator()(T a, T b) const {
    return WrapSub(a, b);
  }
};
struct MulFn {
  template <typename T>
  T operator()(T a, T b) const {
    return WrapMul(a, b);
  }
};
struct DivFn {
  template <typename T>
  T operator()(T a, T b) const {
    if constexpr (std::is_integral_v<T>) {
      if (b == T{0}) return T{0};  // undefined in the standard; must not trap
      if constexpr (std::is_signed_v<T>) {
        if (b == T{-1}) return WrapSub(T{0}, a);
      }
      return static_cast<T>(a / b);
    } else {
      return a / b;
    }
  }
};
struct MaxFn {
  template <typename T>
  T operator()(T a, T b) const {
    if constexpr (std::is_floating_point_v<T>) {
      if (std::isnan(a)) return a;
      if (std::isnan(b)) return b;
    }
    return a < b ? b : a;
  }
};
struct MinFn {
  template <typename T>
  T operator()(T a, T b) const {
    if constexpr (std::is_floating_point_v<T>) {
      if (std::isnan(a)) return a;
      if (std::isnan(b)) return b;
    }
    return b < a ? b : a;
  }
};
struct FmodFn {  // the dividend's sign, as C
  template <typename T>
  T operator()(T a, T b) const {
    if constexpr (std::is_integral_v<T>) {
      if (b == T{0}) return T{0};
      if constexpr (std::is_signed_v<T>) {
        if (b == T{-1}) return T{0};
      }
      return static_cast<T>(a % b);
    } else {
      return std::fmod(a, b);
    }
  }
};
struct ModFn {  // the divisor's sign, as Python
  template <typename T>
  T operator()(T a, T b) const {
    const T r = FmodFn{}(a, b);
    return r != T{0} && (r < T{0}) != (b < T{0}) ? WrapAdd(r, b) : r;
  }
};

template <typename F>
Status Combine(const Tensor& a, const Tensor& b, Tensor& y, F f) {
  PEEL_RETURN_IF_ERROR(RequireSameType(a, b));
  PEEL_RETURN_IF_ERROR(RequireSameType(a, y));
  return DispatchNumber(a.type(),
                        [&]<typename T>() { return BroadcastBinary<T, T, T>(a, b, y, f); });
}

template <typename F>
Status BinaryNarrow(const OpArgs& args) {
  PEEL_RETURN_IF_ERROR(RequireOperands(args, 2));
  return Combine(*args.inputs[0], *args.inputs[1], args.outputs[0], F{});
}
template <typename F>
constexpr ReferenceOp kBinary = Widened<BinaryNarrow<F>>;

// Any number of operands, folded from the left. The running result goes through a second buffer
// because an operand may not overlap the output.
template <typename F>
Status Fold(const OpArgs& args) {
  PEEL_RETURN_IF_ERROR(RequireOperands(args, args.inputs.size()));
  if (args.inputs.empty()) return InvalidArgument("no input");
  Tensor& y = args.outputs[0];
  PEEL_RETURN_IF_ERROR(RequireSameType(*args.inputs[0], y));
  PEEL_ASSIGN_OR_RETURN(const auto strides, BroadcastStrides(args.inputs[0]->shape(), y.shape()));
  if (args.inputs.size() == 1) {
    return StridedCopy(y.shape(), y, 0, DenseStrides(y.shape()), *args.inputs[0], 0, strides);
  }
  Tensor spare;
  if (args.inputs.size() > 2) {
    PEEL_ASSIGN_OR_RETURN(spare, Tensor::Allocate(y.type(), y.shape()));
  }
  // Which of the two is written alternates so that the last one written is y.
  const Tensor* so_far = args.inputs[0];
  for (size_t i = 1; i < args.inputs.size(); ++i) {
    Tensor& to = (args.inputs.size() - i) % 2 == 1 ? y : spare;
    PEEL_RETURN_IF_ERROR(Combine(*so_far, *args.inputs[i], to, F{}));
    so_far = &to;
  }
  return OkStatus();
}

Status Mean(const OpArgs& args) {
  PEEL_RETURN_IF_ERROR(Fold<AddFn>(args));
  Tensor& y = args.outputs[0];
  return DispatchReal(y.type(), [&]<typename T>() {
    const T n = static_cast<T>(args.inputs.size());
    MapTo(y.data<T>(), y.data<T>(), y.elements(), [n](T v) { return v / n; });
    return OkStatus();
  });
}

Status Mod(const OpArgs& args) {
  return args.node.Int("fmod", 0) != 0 ? kBinary<FmodFn>(args) : kBinary<ModFn>(args);
}

// Whole powers of integers exactly (wrapping); a negative exponent rounds towards zero.
template <typename T, typename E>
T IntegerPower(T base, E exponent) {
  if constexpr (std::is_signed_v<E>) {
    if (exponent < 0) {
      if (base == T{1}) return T{1};
      if constexpr (std::is_signed_v<T>) {
        if (base == T{-1}) return exponent % 2 == 0 ? T{1} : T{-1};
      }
      return T{0};
    }
  }
  T result{1};
  for (auto e = static_cast<uint64_t>(exponent); e != 0; e >>= 1) {
    if (e & 1) result = WrapMul(result, base);
    base = WrapMul(base, base);
  }
  return result;
}

struct PowFn {
  template <typename T, typename E>
  T operator()(T base, E exponent) const {
    if constexpr (std::is_integral_v<T> && std::is_integral_v<E>) {
      return IntegerPower(base, exponent);
    } else if constexpr (std::is_integral_v<T>) {
      return Truncate<T>(std::pow(static_cast<double>(base), static_cast<double>(exponent)));
    } else {
      return std::pow(base, static_cast<T>(exponent));
    }
  }
};

template <typename T>
Status PowOf(const Tensor& x, const Tensor& exponent, Tensor& y) {
  return DispatchNumber(exponent.type(), [&]<typename E>() {
    return BroadcastBinary<T, E, T>(x, exponent, y, PowFn{});
  });
}

Status Pow(const OpArgs& args) {
  PEEL_RETURN_IF_ERROR(RequireOperands(args, 2));
  const Tensor& x = *args.inputs[0];
  Tensor& y = args.outputs[0];
  PEEL_RETURN_IF_ERROR(RequireSameType(x, y));
  return DispatchNumber(x.type(), [&]<typename T>() { return PowOf<T>(x, *args.inputs[1], y); });
}

constexpr ReferenceEntry kEntries[] = {
    {"", "Add", 7, kBinary<AddFn>},
    {"", "Sub", 7, kBinary<SubFn>},
    {"", "Mul", 7, kBinary<MulFn>},
    {"", "Div", 7, kBinary<DivFn>},
    {"", "Mod", 10, Mod},
    {"", "Pow", 7, Widened<Pow>},
    {"", "Sum", 6, Widened<Fold<AddFn>>},
    {"", "Max", 6, Widened<Fold<MaxFn>>},
    {"", "Min", 6, Widened<Fold<MinFn>>},
    {"", "Mean", 6, Widened<Mean>},
};

}  // namespace

std::span<const ReferenceEntry> BinaryOps() { return kEntries; }

}  // namespace peel::engine::reference

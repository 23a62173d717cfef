// Element by element, one input: arithmetic and the functions of <cmath>.
#include <cmath>
#include <type_traits>

#include "src/engine/kernels/reference/elementwise.h"
#include "src/engine/kernels/reference/families.h"

namespace peel::engine::reference {
namespace {

struct Exp {
  auto operator()(auto x) const { return std::exp(x); }
};
struct Log {
  auto operator()(auto x) const { return std::log(x); }
};
struct Sin {
  auto operator()(auto x) const { return std::sin(x); }
};
struct Cos {
  auto operator()(auto x) const { return std::cos(x); }
};
struct Tan {
  auto operator()(auto x) const { return std::tan(x); }
};
struct Asin {
  auto operator()(auto x) const { return std::asin(x); }
};
struct Acos {
  auto operator()(auto x) const { return std::acos(x); }
};
struct Atan {
  auto operator()(auto x) const { return std::atan(x); }
};
struct Sinh {
  auto operator()(auto x) const { return std::sinh(x); }
};
struct Cosh {
  auto operator()(auto x) const { return std::cosh(x); }
};
struct Asinh {
  auto operator()(auto x) const { return std::asinh(x); }
};
struct Acosh {
  auto operator()(auto x) const { return std::acosh(x); }
};
struct Atanh {
  auto operator()(auto x) const { return std::atanh(x); }
};
struct Tanh {
  auto operator()(auto x) const { return std::tanh(x); }
};
struct Erf {
  auto operator()(auto x) const {
    if constexpr (std::is_integral_v<decltype(x)>) {
      return Truncate<decltype(x)>(std::erf(static_cast<double>(x)));
    } else {
      return std::erf(x);
    }
  }
};
struct Ceil {
  auto operator()(auto x) const { return std::ceil(x); }
};
struct Floor {
  auto operator()(auto x) const { return std::floor(x); }
};
struct Round {  // halves to even, the default rounding mode
  auto operator()(auto x) const { return std::nearbyint(x); }
};
struct Sqrt {
  auto operator()(auto x) const { return std::sqrt(x); }
};
struct Reciprocal {
  auto operator()(auto x) const { return decltype(x){1} / x; }
};
struct Abs {
  template <typename T>
  T operator()(T x) const {
    if constexpr (std::is_unsigned_v<T>)
      return x;
    else if constexpr (std::is_integral_v<T>)
      return x < 0 ? WrapSub(T{0}, x) : x;
    else
      return std::fabs(x);
  }
};
struct Negate {
  template <typename T>
  T operator()(T x) const {
    if constexpr (std::is_integral_v<T>)
      return WrapSub(T{0}, x);
    else
      return -x;
  }
};
struct Sign {
  template <typename T>
  T operator()(T x) const {
    if constexpr (std::is_floating_point_v<T>) {
      if (std::isnan(x)) return x;
    }
    return static_cast<T>((x > T{0}) - (x < T{0}));
  }
};
struct BitNot {
  template <typename T>
  T operator()(T x) const {
    return static_cast<T>(~x);
  }
};

// One input of any type, an output of as many bools.
Status RequireTest(const OpArgs& args) {
  PEEL_RETURN_IF_ERROR(RequireOperands(args, 1));
  if (args.outputs[0].type() != DataType::kBool) return RefuseType(args.outputs[0].type());
  return RequireSameShape(*args.inputs[0], args.outputs[0]);
}

Status Not(const OpArgs& args) {
  PEEL_RETURN_IF_ERROR(RequireTest(args));
  const Tensor& x = *args.inputs[0];
  if (x.type() != DataType::kBool) return RefuseType(x.type());
  MapTo(x.data<uint8_t>(), args.outputs[0].data<uint8_t>(), x.elements(),
        [](uint8_t v) { return static_cast<uint8_t>(v == 0); });
  return OkStatus();
}

Status IsNan(const OpArgs& args) {
  PEEL_RETURN_IF_ERROR(RequireTest(args));
  const Tensor& x = *args.inputs[0];
  return DispatchReal(x.type(), [&]<typename T>() {
    MapTo(x.data<T>(), args.outputs[0].data<uint8_t>(), x.elements(),
          [](T v) { return static_cast<uint8_t>(std::isnan(v)); });
    return OkStatus();
  });
}

Status IsInf(const OpArgs& args) {
  PEEL_RETURN_IF_ERROR(RequireTest(args));
  const Tensor& x = *args.inputs[0];
  const bool negative = args.node.Int("detect_negative", 1) != 0;
  const bool positive = args.node.Int("detect_positive", 1) != 0;
  return DispatchReal(x.type(), [&]<typename T>() {
    MapTo(x.data<T>(), args.outputs[0].data<uint8_t>(), x.elements(), [=](T v) {
      return static_cast<uint8_t>(std::isinf(v) && (v > 0 ? positive : negative));
    });
    return OkStatus();
  });
}

constexpr ReferenceEntry kEntries[] = {
    {"", "Exp", 1, kMapReals<Exp>},
    {"", "Log", 1, kMapReals<Log>},
    {"", "Sin", 7, kMapReals<Sin>},
    {"", "Cos", 7, kMapReals<Cos>},
    {"", "Tan", 7, kMapReals<Tan>},
    {"", "Asin", 7, kMapReals<Asin>},
    {"", "Acos", 7, kMapReals<Acos>},
    {"", "Atan", 7, kMapReals<Atan>},
    {"", "Sinh", 9, kMapReals<Sinh>},
    {"", "Cosh", 9, kMapReals<Cosh>},
    {"", "Asinh", 9, kMapReals<Asinh>},
    {"", "Acosh", 9, kMapReals<Acosh>},
    {"", "Atanh", 9, kMapReals<Atanh>},
    {"", "Tanh", 1, kMapReals<Tanh>},
    {"", "Erf", 9, kMapNumbers<Erf>},
    {"", "Ceil", 1, kMapReals<Ceil>},
    {"", "Floor", 1, kMapReals<Floor>},
    {"", "Round", 11, kMapReals<Round>},
    {"", "Sqrt", 1, kMapReals<Sqrt>},
    {"", "Reciprocal", 1, kMapReals<Reciprocal>},
    {"", "Abs", 1, kMapNumbers<Abs>},
    {"", "Neg", 1, kMapNumbers<Negate>},
    {"", "Sign", 9, kMapNumbers<Sign>},
    {"", "BitwiseNot", 18, MapIntegers<BitNot>},
    {"", "Not", 1, Not},
    {"", "IsNaN", 9, Widened<IsNan>},
    {"", "IsInf", 10, Widened<IsInf>},
};

}  // namespace

std::span<const ReferenceEntry> UnaryOps() { return kEntries; }

}  // namespace peel::engine::reference

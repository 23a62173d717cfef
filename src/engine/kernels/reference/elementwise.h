#pragma once

#include <cstdint>
#include <type_traits>

#include "src/engine/kernels/reference/op_helpers.h"
#include "src/engine/kernels/reference/strided_loop.h"
#include "src/engine/kernels/reference/type_dispatch.h"

namespace peel::engine::reference {

inline Status RequireSameType(const Tensor& a, const Tensor& b) {
  if (a.type() == b.type()) return OkStatus();
  return InvalidArgument(std::string("operands of different types, ") + DataTypeName(a.type()) +
                         " and " + DataTypeName(b.type()));
}

// Integer arithmetic that wraps round as numpy's does; plain arithmetic for reals. Signed overflow
// is undefined in C++, and small types are promoted to int first, so both go through unsigned.
template <typename T>
using WrapType = std::conditional_t<sizeof(T) <= 4, uint32_t, uint64_t>;

template <typename T>
T WrapAdd(T a, T b) {
  if constexpr (!std::is_integral_v<T>)
    return a + b;
  else
    return static_cast<T>(static_cast<WrapType<T>>(a) + static_cast<WrapType<T>>(b));
}
template <typename T>
T WrapSub(T a, T b) {
  if constexpr (!std::is_integral_v<T>)
    return a - b;
  else
    return static_cast<T>(static_cast<WrapType<T>>(a) - static_cast<WrapType<T>>(b));
}
template <typename T>
T WrapMul(T a, T b) {
  if constexpr (!std::is_integral_v<T>)
    return a * b;
  else
    return static_cast<T>(static_cast<WrapType<T>>(a) * static_cast<WrapType<T>>(b));
}

template <typename T, typename R, typename F>
void MapTo(const T* x, R* y, int64_t n, F f) {
  for (int64_t i = 0; i < n; ++i) y[i] = f(x[i]);
}

// y = f(x) for one element type.
template <typename T, typename F>
Status Map(const OpArgs& args, F f) {
  const Tensor& x = *args.inputs[0];
  PEEL_RETURN_IF_ERROR(RequireSameShape(x, args.outputs[0]));
  PEEL_RETURN_IF_ERROR(RequireSameType(x, args.outputs[0]));
  MapTo(x.data<T>(), args.outputs[0].data<T>(), x.elements(), f);
  return OkStatus();
}

template <typename F>
Status MapRealsWith(const OpArgs& args, F f) {
  PEEL_RETURN_IF_ERROR(RequireOperands(args, 1));
  return DispatchReal(args.inputs[0]->type(), [&]<typename T>() { return Map<T>(args, f); });
}
template <typename F>
Status MapNumbersWith(const OpArgs& args, F f) {
  PEEL_RETURN_IF_ERROR(RequireOperands(args, 1));
  return DispatchNumber(args.inputs[0]->type(), [&]<typename T>() { return Map<T>(args, f); });
}

// Operators made of a stateless function object.
template <typename F>
Status MapRealsNarrow(const OpArgs& args) {
  return MapRealsWith(args, F{});
}
template <typename F>
Status MapNumbersNarrow(const OpArgs& args) {
  return MapNumbersWith(args, F{});
}
template <typename F>
constexpr ReferenceOp kMapReals = Widened<MapRealsNarrow<F>>;
template <typename F>
constexpr ReferenceOp kMapNumbers = Widened<MapNumbersNarrow<F>>;
template <typename F>
Status MapIntegers(const OpArgs& args) {
  PEEL_RETURN_IF_ERROR(RequireOperands(args, 1));
  return DispatchInteger(args.inputs[0]->type(), [&]<typename T>() { return Map<T>(args, F{}); });
}

// y = f(a, b) where a and b broadcast to y's shape.
template <typename A, typename B, typename R, typename F>
Status BroadcastBinary(const Tensor& a, const Tensor& b, Tensor& y, F f) {
  if (DataTypeSize(a.type()) != sizeof(A) || DataTypeSize(b.type()) != sizeof(B) ||
      DataTypeSize(y.type()) != sizeof(R)) {
    return RefuseType(y.type());
  }
  PEEL_ASSIGN_OR_RETURN(const auto a_strides, BroadcastStrides(a.shape(), y.shape()));
  PEEL_ASSIGN_OR_RETURN(const auto b_strides, BroadcastStrides(b.shape(), y.shape()));
  const StridedLoop<3> loop(y.shape(), {DenseStrides(y.shape()), a_strides, b_strides});
  const int64_t n = loop.run(), step_a = loop.stride(1), step_b = loop.stride(2);
  loop.ForEachRun([&](const std::array<int64_t, 3>& at) {
    R* out = y.data<R>() + at[0];
    const A* pa = a.data<A>() + at[1];
    const B* pb = b.data<B>() + at[2];
    // The three cases that occur, apart: the compiler vectorises each.
    if (step_a == 1 && step_b == 1) {
      for (int64_t i = 0; i < n; ++i) out[i] = f(pa[i], pb[i]);
    } else if (step_a == 0 && step_b == 1) {
      const A x = *pa;
      for (int64_t i = 0; i < n; ++i) out[i] = f(x, pb[i]);
    } else if (step_a == 1 && step_b == 0) {
      const B x = *pb;
      for (int64_t i = 0; i < n; ++i) out[i] = f(pa[i], x);
    } else {
      for (int64_t i = 0; i < n; ++i) out[i] = f(pa[i * step_a], pb[i * step_b]);
    }
  });
  return OkStatus();
}

}  // namespace peel::engine::reference

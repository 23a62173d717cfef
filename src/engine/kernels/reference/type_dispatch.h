#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <type_traits>

#include "src/base/float16.h"
#include "src/engine/graph/tensor.h"
#include "src/engine/kernels/reference/reference.h"

namespace peel::engine::reference {

// Sixteen-bit floats as they lie in a tensor. Nothing computes in them: operators widen to float.
struct Half {
  uint16_t bits;
  operator float() const { return HalfToFloat(bits); }  // NOLINT(google-explicit-constructor)
};
struct Bfloat16 {
  uint16_t bits;
  operator float() const { return Bfloat16ToFloat(bits); }  // NOLINT(google-explicit-constructor)
};

template <typename T>
constexpr bool kIsSmallFloat = std::is_same_v<T, Half> || std::is_same_v<T, Bfloat16>;
template <typename T>
constexpr bool kIsReal = std::is_floating_point_v<T> || kIsSmallFloat<T>;

inline Status RefuseType(DataType type) {
  return Unsupported(std::string("element type ") + DataTypeName(type) + " is not supported here");
}

// f.template operator()<T>() with the C++ type of the elements; kUnsupported for types that are not
// in the group. float16 and bfloat16 are in none but the last two: see Widened below.
template <typename F>
Status DispatchReal(DataType type, F&& f) {
  switch (type) {
    case DataType::kFloat32:
      return f.template operator()<float>();
    case DataType::kFloat64:
      return f.template operator()<double>();
    default:
      return RefuseType(type);
  }
}

template <typename F>
Status DispatchInteger(DataType type, F&& f) {
  switch (type) {
    case DataType::kUint8:
      return f.template operator()<uint8_t>();
    case DataType::kInt8:
      return f.template operator()<int8_t>();
    case DataType::kUint16:
      return f.template operator()<uint16_t>();
    case DataType::kInt16:
      return f.template operator()<int16_t>();
    case DataType::kUint32:
      return f.template operator()<uint32_t>();
    case DataType::kInt32:
      return f.template operator()<int32_t>();
    case DataType::kUint64:
      return f.template operator()<uint64_t>();
    case DataType::kInt64:
      return f.template operator()<int64_t>();
    default:
      return RefuseType(type);
  }
}

template <typename F>
Status DispatchNumber(DataType type, F&& f) {
  if (type == DataType::kFloat32 || type == DataType::kFloat64) return DispatchReal(type, f);
  return DispatchInteger(type, f);
}

// Numbers, bool and the sixteen-bit floats: for operators that convert.
template <typename F>
Status DispatchAny(DataType type, F&& f) {
  switch (type) {
    case DataType::kBool:
      return f.template operator()<bool>();
    case DataType::kFloat16:
      return f.template operator()<Half>();
    case DataType::kBfloat16:
      return f.template operator()<Bfloat16>();
    default:
      return DispatchNumber(type, f);
  }
}

// An unsigned type as wide as the elements: for operators that only move them.
template <typename F>
Status DispatchSize(DataType type, F&& f) {
  switch (DataTypeSize(type)) {
    case 1:
      return f.template operator()<uint8_t>();
    case 2:
      return f.template operator()<uint16_t>();
    case 4:
      return f.template operator()<uint32_t>();
    case 8:
      return f.template operator()<uint64_t>();
    default:
      return RefuseType(type);
  }
}

// A real number as the nearest-below-in-magnitude integer that T has: out of range saturates, NaN
// is 0 (a plain cast of either is undefined).
template <typename T>
T Truncate(double x) {
  if (std::isnan(x)) return T{0};
  constexpr double kLow = static_cast<double>(std::numeric_limits<T>::lowest());
  // 2^bits is exact in a double where max() is not.
  const double high = std::ldexp(1.0, std::numeric_limits<T>::digits);
  if (x <= kLow) return std::numeric_limits<T>::lowest();
  if (x >= high) return std::numeric_limits<T>::max();
  return static_cast<T>(x);
}

// Any element type from any other: reals to integers truncate and saturate, integers wrap.
template <typename To, typename From>
To Convert(From x) {
  if constexpr (std::is_same_v<To, From>) {
    return x;
  } else if constexpr (std::is_same_v<To, Half>) {
    return Half{FloatToHalf(static_cast<float>(x))};
  } else if constexpr (std::is_same_v<To, Bfloat16>) {
    return Bfloat16{FloatToBfloat16(static_cast<float>(x))};
  } else if constexpr (std::is_same_v<To, bool>) {
    if constexpr (kIsSmallFloat<From>)
      return static_cast<float>(x) != 0.0f;
    else
      return x != From{0};
  } else if constexpr (kIsReal<From> && std::is_integral_v<To>) {
    if constexpr (kIsSmallFloat<From>)
      return Truncate<To>(static_cast<float>(x));
    else
      return Truncate<To>(x);
  } else {
    return static_cast<To>(x);
  }
}

// Runs op on float32 copies of its float16 and bfloat16 operands and rounds the results once.
Status RunWidened(const OpArgs& args, ReferenceOp op);
bool HasSmallFloats(const OpArgs& args);

// The operator for sixteen-bit floats too.
template <ReferenceOp op>
Status Widened(const OpArgs& args) {
  return HasSmallFloats(args) ? RunWidened(args, op) : op(args);
}

}  // namespace peel::engine::reference

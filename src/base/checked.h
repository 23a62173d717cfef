#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace peel {

// Arithmetic on sizes that come from a file: nullopt instead of wrapping round.
template <std::integral T>
constexpr std::optional<T> CheckedAdd(T a, T b) {
  T r;
  if (__builtin_add_overflow(a, b, &r)) return std::nullopt;
  return r;
}

template <std::integral T>
constexpr std::optional<T> CheckedMul(T a, T b) {
  T r;
  if (__builtin_mul_overflow(a, b, &r)) return std::nullopt;
  return r;
}

// The product of all arguments: CheckedProduct<size_t>(width, height, 4).
template <std::integral T, std::integral... Ts>
constexpr std::optional<T> CheckedProduct(Ts... factors) {
  T r = 1;
  bool good = true;
  ((good = good && !__builtin_mul_overflow(r, factors, &r)), ...);
  if (!good) return std::nullopt;
  return r;
}

constexpr int64_t DivideUp(int64_t a, int64_t b) { return (a + b - 1) / b; }
constexpr int64_t RoundUp(int64_t a, int64_t b) { return DivideUp(a, b) * b; }

}  // namespace peel

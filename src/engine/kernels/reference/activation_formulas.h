#pragma once

#include <algorithm>
#include <cmath>

// The activations as formulas, shared by the operators and by fused convolutions.
namespace peel::engine::reference::formulas {

template <typename T>
T Sigmoid(T x) {
  // exp of a non-positive number only: never overflows.
  const T e = std::exp(-std::fabs(x));
  return x >= 0 ? T{1} / (T{1} + e) : e / (T{1} + e);
}

template <typename T>
T Softplus(T x) {
  return std::max(x, T{0}) + std::log1p(std::exp(-std::fabs(x)));
}

template <typename T>
T Elu(T x, T alpha) {
  return x > 0 ? x : alpha * std::expm1(x);
}

template <typename T>
T HardSigmoid(T x, T alpha, T beta) {
  return std::min(std::max(alpha * x + beta, T{0}), T{1});
}

template <typename T>
T HardSwish(T x) {
  return x * HardSigmoid(x, T{1} / T{6}, T{0.5});
}

template <typename T>
T Gelu(T x) {
  return T{0.5} * x * (T{1} + std::erf(x * static_cast<T>(0.70710678118654752440)));
}

template <typename T>
T GeluTanh(T x) {
  const T root = static_cast<T>(0.79788456080286535588);  // sqrt(2 / pi)
  return T{0.5} * x * (T{1} + std::tanh(root * (x + static_cast<T>(0.044715) * x * x * x)));
}

}  // namespace peel::engine::reference::formulas

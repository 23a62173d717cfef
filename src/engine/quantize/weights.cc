#include "src/engine/quantize/weights.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace peel::engine {
namespace {

constexpr float kTop = 127;

double ErrorAt(std::span<const float> row, float scale) {
  double sum = 0;
  for (const float w : row) {
    const float level = std::clamp(std::nearbyint(w / scale), -kTop, kTop);
    const double error = level * scale - w;
    sum += error * error;
  }
  return sum;
}

float RowScale(std::span<const float> row, bool clip) {
  float largest = 0;
  for (const float w : row) largest = std::max(largest, std::abs(w));
  if (largest == 0) return 1;
  const float whole = std::max(largest / kTop, std::numeric_limits<float>::min());
  if (!clip) return whole;
  float best = whole;
  double least = ErrorAt(row, whole);
  for (int step = 1; step < 20; ++step) {
    const float scale = whole * (1.0f - 0.02f * static_cast<float>(step));
    if (const double error = ErrorAt(row, scale); error < least) {
      least = error;
      best = scale;
    }
  }
  return best;
}

}  // namespace

Result<QuantWeights> QuantizeWeights(const QuantLayer& layer, const ActivationCode& input,
                                     bool clip, std::span<const double> input_means) {
  const int64_t out = layer.weights.dim(0);
  const auto taps = static_cast<size_t>(layer.weights.elements() / out);
  const bool correct = !input_means.empty();
  const bool has_bias = !layer.bias.empty() || correct;
  QuantWeights q;
  PEEL_ASSIGN_OR_RETURN(q.weights, Tensor::Allocate(DataType::kInt8, layer.weights.shape()));
  PEEL_ASSIGN_OR_RETURN(q.scales, Tensor::Allocate(DataType::kFloat32, {out}));
  if (has_bias) {
    PEEL_ASSIGN_OR_RETURN(q.bias, Tensor::Allocate(DataType::kInt32, {out}));
    PEEL_ASSIGN_OR_RETURN(q.bias_scales, Tensor::Allocate(DataType::kFloat32, {out}));
  }
  // Weights of group g read input channels from g * per_group on.
  const int64_t per_group = layer.weights.dim(1);
  const size_t kernel = taps / static_cast<size_t>(per_group);
  for (int64_t o = 0; o < out; ++o) {
    const auto at = static_cast<size_t>(o);
    const std::span<const float> row(layer.weights.data<float>() + at * taps, taps);
    float scale = RowScale(row, clip);
    double bias = layer.bias.empty() ? 0 : layer.bias[at];
    // A channel of tiny weights and a large bias: coarser weights, so that the bias fits 32 bits.
    scale = std::max(scale, static_cast<float>(std::abs(bias) / input.scale / (1 << 30)));
    int8_t* to = q.weights.data<int8_t>() + at * taps;
    const auto first = static_cast<size_t>(o / (out / layer.groups) * per_group);
    for (size_t i = 0; i < taps; ++i) {
      const float level = std::clamp(std::nearbyint(row[i] / scale), -kTop, kTop);
      to[i] = static_cast<int8_t>(level);
      if (correct) bias -= (level * scale - row[i]) * input_means[first + i / kernel];
    }
    q.scales.data<float>()[at] = scale;
    if (!has_bias) continue;
    // In float32, as every reader of the file computes it.
    const float bias_scale = input.scale * scale;
    q.bias_scales.data<float>()[at] = bias_scale;
    const double level = std::nearbyint(bias / bias_scale);
    q.bias.data<int32_t>()[at] =
        static_cast<int32_t>(std::clamp(level, -2147483647.0, 2147483647.0));
  }
  return q;
}

}  // namespace peel::engine

#include "src/engine/quantize/weights.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <random>
#include <vector>

namespace peel::engine {
namespace {

QuantLayer Layer(int64_t out, int64_t in, int64_t groups, std::vector<float> bias) {
  QuantLayer layer;
  layer.groups = groups;
  layer.bias = std::move(bias);
  layer.weights = *Tensor::Allocate(DataType::kFloat32, {out, in / groups, 3, 3});
  std::mt19937 random(2);
  std::normal_distribution<float> normal(0, 1);
  for (int64_t i = 0; i < layer.weights.elements(); ++i) {
    layer.weights.data<float>()[i] = normal(random) * (i < 9 ? 100.0f : 1.0f);
  }
  return layer;
}

TEST(QuantizeWeights, EveryChannelHasItsScale) {
  const QuantLayer layer = Layer(4, 6, 1, {1, -2, 3, 0});
  const ActivationCode input{0.05f, 0};
  const auto q = QuantizeWeights(layer, input, false, {});
  ASSERT_TRUE(q.ok());
  const int64_t taps = layer.weights.elements() / 4;
  for (int64_t o = 0; o < 4; ++o) {
    const float scale = q->scales.data<float>()[o];
    int top = 0;
    for (int64_t i = o * taps; i < (o + 1) * taps; ++i) {
      const int level{q->weights.data<int8_t>()[i]};
      EXPECT_GE(level, -127);
      top = std::max(top, std::abs(level));
      EXPECT_NEAR(static_cast<float>(level) * scale, layer.weights.data<float>()[i],
                  scale * 0.501f);
    }
    EXPECT_EQ(top, 127);
    EXPECT_EQ(q->bias_scales.data<float>()[o], input.scale * scale);
    EXPECT_NEAR(static_cast<double>(q->bias.data<int32_t>()[o]) * input.scale * scale,
                layer.bias[static_cast<size_t>(o)], input.scale * scale);
  }
}

TEST(QuantizeWeights, NoBiasStaysNoneUnlessCorrected) {
  const QuantLayer layer = Layer(2, 4, 2, {});
  const ActivationCode input{0.1f, 3};
  EXPECT_FALSE(QuantizeWeights(layer, input, false, {})->bias.defined());
  const std::vector<double> means = {1, 1, 1, 1};
  EXPECT_TRUE(QuantizeWeights(layer, input, false, means)->bias.defined());
}

TEST(QuantizeWeights, CorrectionKeepsTheMeanOfTheOutput) {
  const QuantLayer layer = Layer(4, 6, 2, {1, -2, 3, 0});
  const ActivationCode input{0.001f, 0};
  const std::vector<double> means = {0.5, 2, 1, 4, 0.1, 3};
  const auto q = QuantizeWeights(layer, input, false, means);
  ASSERT_TRUE(q.ok());
  for (int64_t o = 0; o < 4; ++o) {
    const float scale = q->scales.data<float>()[o];
    double expected = layer.bias[static_cast<size_t>(o)];
    double got = static_cast<double>(q->bias.data<int32_t>()[o]) * q->bias_scales.data<float>()[o];
    for (int64_t i = 0; i < 27; ++i) {
      const double x = means[static_cast<size_t>(o / 2 * 3 + i / 9)];
      expected += x * layer.weights.data<float>()[o * 27 + i];
      got += x * q->weights.data<int8_t>()[o * 27 + i] * scale;
    }
    EXPECT_NEAR(got, expected, 1e-2 * scale);
  }
}

TEST(QuantizeWeights, ALargeBiasOfTinyWeightsFits) {
  QuantLayer layer = Layer(1, 1, 1, {1e6f});
  for (int i = 0; i < 9; ++i) layer.weights.data<float>()[i] = 1e-7f;
  const auto q = QuantizeWeights(layer, {1e-3f, 0}, false, {});
  ASSERT_TRUE(q.ok());
  EXPECT_NEAR(static_cast<double>(q->bias.data<int32_t>()[0]) * q->bias_scales.data<float>()[0],
              1e6, 1);
  for (int i = 0; i < 9; ++i) layer.weights.data<float>()[i] = 0;
  layer.bias = {0};
  EXPECT_EQ(QuantizeWeights(layer, {1e-3f, 0}, false, {})->scales.data<float>()[0], 1);
}

TEST(QuantizeWeights, ClippingLowersTheSquareError) {
  const QuantLayer layer = Layer(4, 64, 1, {});
  double error[2];
  for (const bool clip : {false, true}) {
    const auto q = QuantizeWeights(layer, {1, 0}, clip, {});
    double sum = 0;
    for (int64_t i = 0; i < layer.weights.elements(); ++i) {
      const double scale = q->scales.data<float>()[i / (layer.weights.elements() / 4)];
      const double e = q->weights.data<int8_t>()[i] * scale - layer.weights.data<float>()[i];
      sum += e * e;
    }
    error[clip] = sum;
  }
  EXPECT_LE(error[1], error[0]);
}

}  // namespace
}  // namespace peel::engine

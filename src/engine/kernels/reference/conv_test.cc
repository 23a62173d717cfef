#include <algorithm>
#include <cmath>
#include <random>

#include "src/engine/kernels/reference/reference_test_util.h"

namespace peel::engine {
namespace {

struct Geometry {
  std::vector<int64_t> in, kernel, stride, dilation, pads;  // spatial
  int64_t batch, in_channels, out_channels, groups;
};

// The definition, one output at a time, in double.
std::vector<double> Definition(const Geometry& g, const Tensor& x, const Tensor& w,
                               const Shape& out) {
  const size_t axes = g.in.size();
  std::vector<double> y(static_cast<size_t>(*ElementCount(out)), 0.0);
  const int64_t ic = g.in_channels / g.groups, oc = g.out_channels / g.groups;
  int64_t out_size = 1, in_size = 1, taps = 1;
  for (size_t d = 0; d < axes; ++d) {
    out_size *= out[2 + d];
    in_size *= g.in[d];
    taps *= g.kernel[d];
  }
  for (size_t at = 0; at < y.size(); ++at) {
    const int64_t position = static_cast<int64_t>(at) % out_size;
    const int64_t channel = static_cast<int64_t>(at) / out_size % g.out_channels;
    const int64_t image = static_cast<int64_t>(at) / out_size / g.out_channels;
    for (int64_t c = 0; c < ic; ++c) {
      for (int64_t k = 0; k < taps; ++k) {
        int64_t rest_o = position, rest_k = k, offset = 0, step = 1;
        bool inside = true;
        for (size_t d = axes; d-- > 0;) {
          const int64_t i =
              rest_o % out[2 + d] * g.stride[d] + rest_k % g.kernel[d] * g.dilation[d] - g.pads[d];
          rest_o /= out[2 + d];
          rest_k /= g.kernel[d];
          inside = inside && i >= 0 && i < g.in[d];
          offset += i * step;
          step *= g.in[d];
        }
        if (!inside) continue;
        const int64_t in_channel = channel / oc * ic + c;
        y[at] += static_cast<double>(
                     x.data<float>()[(image * g.in_channels + in_channel) * in_size + offset]) *
                 w.data<float>()[(channel * ic + c) * taps + k];
      }
    }
  }
  return y;
}

Shape OutShape(const Geometry& g) {
  Shape out{g.batch, g.out_channels};
  for (size_t d = 0; d < g.in.size(); ++d) {
    const int64_t reach = (g.kernel[d] - 1) * g.dilation[d] + 1;
    out.push_back((g.in[d] + g.pads[d] + g.pads[g.in.size() + d] - reach) / g.stride[d] + 1);
  }
  return out;
}

Node ConvNode(const Geometry& g, const char* domain) {
  return MakeNode(
      "Conv", 11,
      {{"strides", g.stride}, {"dilations", g.dilation}, {"pads", g.pads}, {"group", g.groups}},
      domain);
}

Shape WeightShape(const Geometry& g) {
  Shape shape{g.out_channels, g.in_channels / g.groups};
  shape.insert(shape.end(), g.kernel.begin(), g.kernel.end());
  return shape;
}
Shape InShape(const Geometry& g) {
  Shape shape{g.batch, g.in_channels};
  shape.insert(shape.end(), g.in.begin(), g.in.end());
  return shape;
}

void ExpectClose(const Tensor& y, const std::vector<double>& expected, const char* what) {
  ASSERT_EQ(static_cast<size_t>(y.elements()), expected.size()) << what;
  for (size_t i = 0; i < expected.size(); ++i) {
    ASSERT_NEAR(y.data<float>()[i], expected[i], 1e-5 + 1e-5 * std::fabs(expected[i]))
        << what << " at " << i;
  }
}

TEST(ReferenceConv, MatchesTheDefinition) {
  const Geometry cases[] = {
      {{7, 9}, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}, 1, 3, 5, 1},
      {{7, 9}, {3, 3}, {2, 2}, {1, 1}, {0, 1, 2, 0}, 2, 4, 6, 2},
      {{17, 23}, {3, 3}, {1, 1}, {4, 2}, {4, 2, 4, 2}, 1, 2, 9, 1},
      {{5, 1}, {1, 1}, {1, 1}, {1, 1}, {0, 0, 0, 0}, 3, 7, 1, 1},
      {{8, 8}, {5, 2}, {3, 1}, {1, 3}, {2, 3, 1, 0}, 1, 6, 6, 6},                    // depthwise
      {{13}, {4}, {2}, {1}, {1, 2}, 2, 3, 4, 1},                                     // 1-D
      {{4, 5, 6}, {2, 3, 2}, {1, 2, 1}, {2, 1, 1}, {0, 1, 0, 1, 1, 0}, 1, 2, 3, 1},  // 3-D
      {{9, 9}, {3, 3}, {1, 1}, {1, 1}, {-1, -2, -1, 0}, 1, 2, 3, 1},  // pads that crop
      {{2, 2}, {2, 2}, {1, 1}, {1, 1}, {5, 5, 5, 5}, 1, 1, 1, 1},     // more padding than image
  };
  for (const Geometry& g : cases) {
    const Tensor x = Noise(InShape(g), 1), w = Noise(WeightShape(g), 2);
    const Shape out = OutShape(g);
    ExpectClose(RunFloat(ConvNode(g, ""), {x, w}, out), Definition(g, x, w, out),
                ShapeString(InShape(g)).c_str());
  }
}

TEST(ReferenceConv, PadsAutomatically) {
  const Tensor x = Noise({1, 1, 6, 7}, 3), w = Noise({1, 1, 2, 4}, 4);
  for (const char* mode : {"SAME_UPPER", "SAME_LOWER"}) {
    const bool upper = mode == std::string("SAME_UPPER");
    const Geometry g{{6, 7}, {2, 4}, {2, 2}, {1, 1}, {0, upper ? 1 : 2, 0, upper ? 2 : 1},
                     1,      1,      1,      1};
    const Node node =
        MakeNode("Conv", 11, {{"auto_pad", std::string(mode)}, {"strides", g.stride}});
    const Shape out{1, 1, 3, 4};
    ExpectClose(RunFloat(node, {x, w}, out), Definition(g, x, w, out), mode);
  }
}

TEST(ReferenceConv, EveryActivationAndResidual) {
  const Geometry g{{5, 6}, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}, 2, 3, 5, 1};
  const Tensor x = Noise(InShape(g), 5), w = Noise(WeightShape(g), 6), bias = Noise({5}, 7);
  const Shape out = OutShape(g);
  const Tensor residual = Noise(out, 8);
  const auto sums = Definition(g, x, w, out);
  const struct {
    const char* name;
    float alpha, beta;
    double (*f)(double);
  } kCases[] = {
      {"", 0, 0, [](double v) { return v; }},
      {"relu", 0, 0, [](double v) { return std::max(v, 0.0); }},
      {"leaky_relu", 0.1f, 0, [](double v) { return v < 0 ? 0.1f * v : v; }},
      {"clip", -0.25f, 0.5f, [](double v) { return std::clamp(v, -0.25, 0.5); }},
      {"sigmoid", 0, 0, [](double v) { return 1 / (1 + std::exp(-v)); }},
      {"tanh", 0, 0, [](double v) { return std::tanh(v); }},
      {"hard_sigmoid", 0.2f, 0.5f, [](double v) { return std::clamp(0.2f * v + 0.5, 0.0, 1.0); }},
      {"hard_swish", 0, 0, [](double v) { return v * std::clamp(v / 6 + 0.5, 0.0, 1.0); }},
      {"silu", 0, 0, [](double v) { return v / (1 + std::exp(-v)); }},
      {"gelu", 0, 0, [](double v) { return 0.5 * v * (1 + std::erf(v / std::sqrt(2.0))); }},
      {"elu", 0.7f, 0, [](double v) { return v > 0 ? v : 0.7f * std::expm1(v); }},
      {"softplus", 0, 0, [](double v) { return std::log1p(std::exp(v)); }},
  };
  for (const auto& c : kCases) {
    for (const bool with_bias : {false, true}) {
      for (const bool with_residual : {false, true}) {
        Node node = ConvNode(g, "peel");
        node.attributes["activation"] = std::string(c.name);
        node.attributes["activation_alpha"] = c.alpha;
        node.attributes["activation_beta"] = c.beta;
        auto expected = sums;
        for (size_t i = 0; i < expected.size(); ++i) {
          if (with_bias) expected[i] += bias.data<float>()[i / 30 % 5];
          if (with_residual) expected[i] += residual.data<float>()[i];
          expected[i] = c.f(expected[i]);
        }
        ExpectClose(
            RunFloat(node, {x, w, with_bias ? bias : Tensor(), with_residual ? residual : Tensor()},
                     out),
            expected, c.name);
      }
    }
  }
}

TEST(ReferenceConv, PooledFormTakesTheLargestOfEachFour) {
  const Tensor x = Noise({2, 3, 5, 7}, 1), w = Noise({4, 3, 2, 2}, 2), b = Noise({4}, 3);
  Node conv = MakeNode("Conv", 1, {{"activation", std::string("relu")}}, "peel");
  const Tensor whole = RunFloat(conv, {x, w, b}, {2, 4, 4, 6});
  conv.op_type = "ConvMaxPool";
  const Tensor pooled = RunFloat(conv, {x, w, b}, {2, 4, 2, 3});
  for (int64_t i = 0; i < 2 * 4 * 2 * 3; ++i) {
    const float* at = whole.data<float>() + i / 3 * 12 + i % 3 * 2;
    EXPECT_EQ(pooled.data<float>()[i], std::max({at[0], at[1], at[6], at[7]})) << i;
  }
}

TEST(ReferenceConv, RefusesWhatDoesNotFit) {
  const Tensor x = Noise({1, 4, 5, 5}, 1);
  std::vector<Tensor> y{MakeTensor(DataType::kFloat32, {1, 2, 3, 3})};
  EXPECT_EQ(RunOn(MakeNode("Conv", 11), {x, Noise({2, 3, 3, 3}, 2)}, y).code(),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(
      RunOn(MakeNode("Conv", 11, {{"group", int64_t{0}}}), {x, Noise({2, 4, 3, 3}, 2)}, y).code(),
      StatusCode::kInvalidArgument);
  EXPECT_EQ(RunOn(MakeNode("Conv", 11, {{"strides", std::vector<int64_t>{0, 1}}}),
                  {x, Noise({2, 4, 3, 3}, 2)}, y)
                .code(),
            StatusCode::kInvalidArgument);
  Node unknown = MakeNode("Conv", 11, {{"activation", std::string("snake")}}, "peel");
  const Status status = RunOn(unknown, {x, Noise({2, 4, 3, 3}, 2)}, y);
  EXPECT_EQ(status.code(), StatusCode::kUnsupported);
  EXPECT_NE(status.message().find("snake"), std::string::npos);
}

// A transposed convolution is the adjoint of the convolution: <conv(x), y> = <x, conv_t(y)>.
TEST(ReferenceConvTranspose, IsTheAdjoint) {
  const Geometry cases[] = {
      {{7, 9}, {3, 3}, {2, 2}, {1, 1}, {1, 1, 1, 1}, 1, 4, 6, 2},
      {{8, 11}, {2, 4}, {3, 2}, {2, 1}, {0, 1, 0, 1}, 2, 3, 5, 1},
      {{10}, {4}, {2}, {1}, {1, 1}, 1, 2, 2, 1},
  };
  for (const Geometry& g : cases) {
    const Shape out = OutShape(g);
    const Tensor x = Noise(InShape(g), 9), w = Noise(WeightShape(g), 10), y = Noise(out, 11);
    const Tensor forward = RunFloat(ConvNode(g, ""), {x, w}, out);
    Node node = ConvNode(g, "");
    node.op_type = "ConvTranspose";
    const Tensor back = RunFloat(node, {y, w}, InShape(g));
    double a = 0, b = 0;
    for (int64_t i = 0; i < y.elements(); ++i) a += forward.data<float>()[i] * y.data<float>()[i];
    for (int64_t i = 0; i < x.elements(); ++i) b += back.data<float>()[i] * x.data<float>()[i];
    EXPECT_NEAR(a, b, 1e-4 * (1 + std::fabs(a)));
  }
}

}  // namespace
}  // namespace peel::engine

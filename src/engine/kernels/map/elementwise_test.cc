#include "src/engine/kernels/map/elementwise.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "src/engine/kernels/test_images.h"
#include "src/engine/kernels/test_targets.h"

namespace peel::engine {
namespace {

class ElementwiseTest : public TargetTest {};

double Exact(Activation activation, double alpha, double beta, double x) {
  switch (activation) {
    case Activation::kNone:
      return x;
    case Activation::kRelu:
      return std::max(x, 0.0);
    case Activation::kLeakyRelu:
      return x < 0 ? alpha * x : x;
    case Activation::kClip:
      return std::min(beta, std::max(alpha, x));
    case Activation::kSigmoid:
      return 1 / (1 + std::exp(-x));
    case Activation::kTanh:
      return std::tanh(x);
    case Activation::kHardSigmoid:
      return std::clamp(alpha * x + beta, 0.0, 1.0);
    case Activation::kHardSwish:
      return x * std::clamp(x / 6 + 0.5, 0.0, 1.0);
    case Activation::kSilu:
      return x / (1 + std::exp(-x));
    case Activation::kGelu:
      return 0.5 * x * (1 + std::erf(x / std::sqrt(2.0)));
    case Activation::kElu:
      return x < 0 ? alpha * std::expm1(x) : x;
    case Activation::kSoftplus:
      return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x)));
  }
  return 0;
}

TEST_P(ElementwiseTest, ActivationsInBothLayouts) {
  std::mt19937 random(8);
  for (Layout layout : {Layout::kPlain, Layout::kBlocked}) {
    for (int i = 0; i <= static_cast<int>(Activation::kSoftplus); ++i) {
      const Activation activation = static_cast<Activation>(i);
      const Shape4 shape{2, 21, 37, 41};
      Images in(layout, shape, 16);
      in.Fill(random, -12, 12);
      SCOPED_TRACE(i);
      for (int threads : {1, 3}) {
        ThreadPool pool(threads);
        Images out(layout, shape, 16);
        RunActivation(activation, 0.2f, 0.5f, layout, shape, in.in(), out.out(), pool);
        ExpectImages(out, 5e-7, [&](int64_t n, int64_t c, int64_t y, int64_t x) {
          return Exact(activation, 0.2f, 0.5f, in.At(n, c, y, x));
        });
      }
    }
  }
}

std::vector<float> MapOf(UnaryOp op, std::vector<float> in) {
  ThreadPool pool(1);
  std::vector<float> out(in.size());
  const Shape4 shape{1, 1, 1, static_cast<int64_t>(in.size())};
  RunUnary(op, Layout::kPlain, shape, {in.data(), 0}, {out.data(), 0}, pool);
  return out;
}

TEST_P(ElementwiseTest, ErrorsOfTheTranscendentals) {
  std::vector<float> xs;
  for (int i = -40000; i <= 40000; ++i) xs.push_back(static_cast<float>(i) * 0.001f);
  const auto exp = MapOf(UnaryOp::kExp, xs), erf = MapOf(UnaryOp::kErf, xs);
  double exp_error = 0, erf_error = 0;
  for (size_t i = 0; i < xs.size(); ++i) {
    const double e = std::exp(double{xs[i]});
    exp_error = std::max(exp_error, std::abs(exp[i] - e) / e);
    erf_error = std::max(erf_error, std::abs(erf[i] - std::erf(double{xs[i]})));
  }
  EXPECT_LT(exp_error, 2e-7);
  EXPECT_LT(erf_error, 2e-7);
  ThreadPool pool(1);
  const auto worst = [&](Activation activation) {
    std::vector<float> out(xs.size());
    RunActivation(activation, 0, 0, Layout::kPlain, {1, 1, 1, static_cast<int64_t>(xs.size())},
                  {xs.data(), 0}, {out.data(), 0}, pool);
    double error = 0;
    for (size_t i = 0; i < xs.size(); ++i) {
      error = std::max(error, std::abs(out[i] - Exact(activation, 0, 0, xs[i])));
    }
    return error;
  };
  EXPECT_LT(worst(Activation::kSigmoid), 1.2e-7);
  EXPECT_LT(worst(Activation::kTanh), 3e-7);
}

TEST_P(ElementwiseTest, LimitsAndNan) {
  const float inf = std::numeric_limits<float>::infinity(), nan = std::nanf("");
  const auto exp = MapOf(UnaryOp::kExp, {inf, -inf, nan, 1000, -1000, 0});
  EXPECT_EQ(exp[0], inf);
  EXPECT_EQ(exp[1], 0);
  EXPECT_TRUE(std::isnan(exp[2]));
  EXPECT_EQ(exp[3], inf);
  EXPECT_EQ(exp[4], 0);
  EXPECT_EQ(exp[5], 1);
  const auto log = MapOf(UnaryOp::kLog, {inf, 0, nan, -1, 1});
  EXPECT_EQ(log[0], inf);
  EXPECT_EQ(log[1], -inf);
  EXPECT_TRUE(std::isnan(log[2]));
  EXPECT_TRUE(std::isnan(log[3]));
  EXPECT_EQ(log[4], 0);
  const auto erf = MapOf(UnaryOp::kErf, {inf, -inf, nan, 0});
  EXPECT_EQ(erf[0], 1);
  EXPECT_EQ(erf[1], -1);
  EXPECT_TRUE(std::isnan(erf[2]));
  EXPECT_EQ(erf[3], 0);
  ThreadPool pool(1);
  for (Activation a : {Activation::kSigmoid, Activation::kTanh, Activation::kSoftplus}) {
    float x[] = {inf, -inf, nan, 500, -500};
    RunActivation(a, 0, 0, Layout::kPlain, {1, 1, 1, 5}, {x, 0}, {x, 0}, pool);
    EXPECT_EQ(x[0], a == Activation::kSoftplus ? inf : 1);
    EXPECT_EQ(x[1], a == Activation::kTanh ? -1 : 0);
    EXPECT_TRUE(std::isnan(x[2]));
    EXPECT_EQ(x[3], a == Activation::kSoftplus ? 500 : 1);
    EXPECT_EQ(x[4], a == Activation::kTanh ? -1 : 0);
  }
}

TEST_P(ElementwiseTest, UnaryOps) {
  const std::vector<float> in = {-2.5f, -0.5f, 0.25f, 1, 7.75f};
  for (auto [op, want] : {std::pair{UnaryOp::kNeg, +[](float x) { return -x; }},
                          {UnaryOp::kAbs, +[](float x) { return std::abs(x); }},
                          {UnaryOp::kFloor, +[](float x) { return std::floor(x); }},
                          {UnaryOp::kCeil, +[](float x) { return std::ceil(x); }},
                          {UnaryOp::kReciprocal, +[](float x) { return 1 / x; }}}) {
    const auto out = MapOf(op, in);
    for (size_t i = 0; i < in.size(); ++i) EXPECT_EQ(out[i], want(in[i])) << i;
  }
  const auto roots = MapOf(UnaryOp::kSqrt, {0, 1, 6.25f});
  EXPECT_EQ(roots[2], 2.5f);
}

double Combine(const BinaryProblem& p, double a, double b) {
  if (p.swapped) std::swap(a, b);
  switch (p.op) {
    case BinaryOp::kAdd:
      return a + b;
    case BinaryOp::kSub:
      return a - b;
    case BinaryOp::kMul:
      return a * b;
    case BinaryOp::kDiv:
      return a / b;
    case BinaryOp::kMin:
      return std::min(a, b);
    case BinaryOp::kMax:
      return std::max(a, b);
  }
  return 0;
}

TEST_P(ElementwiseTest, BinaryWithEveryBroadcast) {
  std::mt19937 random(9);
  for (Layout layout : {Layout::kPlain, Layout::kBlocked}) {
    for (int op = 0; op <= static_cast<int>(BinaryOp::kMax); ++op) {
      for (int broadcast = 0; broadcast < 5; ++broadcast) {
        for (bool swapped : {false, true}) {
          for (const Shape4& shape :
               {Shape4{2, 21, 9, 11}, Shape4{1, 5, 40, 37}, Shape4{2, 40, 1, 1}}) {
            BinaryProblem p;
            p.op = static_cast<BinaryOp>(op);
            p.layout = layout;
            p.shape = shape;
            p.swapped = swapped;
            p.epilogue.activation = swapped ? Activation::kSigmoid : Activation::kRelu;
            // Spatial operands come plain and blocked.
            p.broadcast = static_cast<Broadcast>(std::min(broadcast, 3));
            const Layout b_layout = broadcast == 4                    ? Layout::kBlocked
                                    : p.broadcast == Broadcast::kSame ? layout
                                                                      : Layout::kPlain;
            p.spatial_step = broadcast == 4 ? 16 : 1;
            const Shape4 b_shape = p.broadcast == Broadcast::kSame     ? shape
                                   : p.broadcast == Broadcast::kScalar ? Shape4{1, 1, 1, 1}
                                   : p.broadcast == Broadcast::kPerChannel
                                       ? Shape4{shape.batch, shape.channels, 1, 1}
                                       : Shape4{shape.batch, 1, shape.height, shape.width};
            ASSERT_EQ(RejectBinary(p), "");
            Images a(layout, shape, 16),
                b(b_layout, b_shape, p.broadcast == Broadcast::kScalar ? 0 : 16);
            a.Fill(random, 0.5f, 2);
            b.Fill(random, 0.5f, 2);
            ConstSlice b_slice = b.in();
            if (p.broadcast == Broadcast::kScalar) b_slice.batch_stride = 0;
            ThreadPool pool(2);
            Images out(layout, shape, 16);
            RunBinary(p, a.in(), b_slice, out.out(), pool);
            SCOPED_TRACE(::testing::Message() << "op " << op << " broadcast " << broadcast);
            ExpectImages(out, 5e-7, [&](int64_t n, int64_t c, int64_t y, int64_t x) {
              const float other = p.broadcast == Broadcast::kSame         ? b.At(n, c, y, x)
                                  : p.broadcast == Broadcast::kScalar     ? b.At(0, 0, 0, 0)
                                  : p.broadcast == Broadcast::kPerChannel ? b.At(n, c, 0, 0)
                                                                          : b.At(n, 0, y, x);
              return Exact(p.epilogue.activation, 0, 0, Combine(p, a.At(n, c, y, x), other));
            });
            if (HasFailure()) return;
          }
        }
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, ElementwiseTest, ::testing::ValuesIn(TestTargets()), TargetName);

}  // namespace
}  // namespace peel::engine

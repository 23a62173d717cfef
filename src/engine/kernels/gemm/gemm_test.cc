#include "src/engine/kernels/gemm/gemm.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <random>
#include <vector>

#include "src/base/aligned_buffer.h"
#include "src/engine/kernels/map/softmax.h"
#include "src/engine/kernels/test_targets.h"

namespace peel::engine {
namespace {

class GemmTest : public TargetTest {};

std::vector<float> Random(std::mt19937& random, int64_t count) {
  std::uniform_real_distribution<float> any(-1, 1);
  std::vector<float> v(static_cast<size_t>(count));
  for (float& x : v) x = any(random);
  return v;
}

TEST_P(GemmTest, AgainstTheDefinition) {
  std::mt19937 random(10);
  const auto pick = [&](int low, int high) {
    return std::uniform_int_distribution<int>(low, high)(random);
  };
  for (int i = 0; i < 60 && !HasFailure(); ++i) {
    GemmProblem p;
    p.m = pick(0, 2) == 0 ? pick(80, 190) : pick(1, 9);
    p.n = pick(1, 140);
    p.k = pick(1, 100);
    p.transpose_a = pick(0, 1) != 0;
    p.transpose_b = pick(0, 1) != 0;
    p.alpha = pick(0, 1) != 0 ? 1.0f : 0.5f;
    p.epilogue.residual = pick(0, 1) != 0;
    p.epilogue.activation = pick(0, 2) == 0   ? Activation::kTanh
                            : pick(0, 1) == 0 ? Activation::kRelu
                                              : Activation::kNone;
    SCOPED_TRACE(::testing::Message() << p.m << "x" << p.n << "x" << p.k);
    const int64_t a_stride = (p.transpose_a ? p.m : p.k) + 3, c_stride = p.n + 5;
    const auto a = Random(random, (p.transpose_a ? p.k : p.m) * a_stride);
    const auto b = Random(random, p.k * p.n), bias = Random(random, p.n);
    const auto residual = Random(random, p.m * p.n);
    auto packed = *AlignedBuffer::Allocate(GemmPackedBytes(p));
    PackGemm(p, b.data(), bias.data(), packed.data());
    std::vector<float> first;
    for (int threads : {1, 2, 3}) {
      auto scratch = *AlignedBuffer::Allocate(GemmScratchBytes(p, threads));
      std::memset(scratch.data(), 0xff, scratch.size());
      std::vector<float> c(static_cast<size_t>(p.m * c_stride), -77.0f);
      ThreadPool pool(threads);
      RunGemm(p, a.data(), a_stride, packed.data(), residual.data(), c.data(), c_stride,
              scratch.data(), pool);
      if (threads == 1) first = c;
      EXPECT_EQ(std::memcmp(first.data(), c.data(), c.size() * sizeof(float)), 0);
    }
    for (int64_t r = 0; r < p.m; ++r) {
      for (int64_t j = 0; j < c_stride; ++j) {
        const float got = first[static_cast<size_t>(r * c_stride + j)];
        if (j >= p.n) {
          ASSERT_EQ(got, -77.0f) << "written past a row";
          continue;
        }
        double sum = bias[static_cast<size_t>(j)];
        for (int64_t k = 0; k < p.k; ++k) {
          sum += double{p.alpha} *
                 a[static_cast<size_t>(p.transpose_a ? k * a_stride + r : r * a_stride + k)] *
                 b[static_cast<size_t>(p.transpose_b ? j * p.k + k : k * p.n + j)];
        }
        if (p.epilogue.residual) sum += residual[static_cast<size_t>(r * p.n + j)];
        if (p.epilogue.activation == Activation::kRelu) sum = std::max(sum, 0.0);
        if (p.epilogue.activation == Activation::kTanh) sum = std::tanh(sum);
        ASSERT_NEAR(got, sum, 1e-5) << r << " " << j;
      }
    }
  }
}

TEST_P(GemmTest, Softmax) {
  std::mt19937 random(11);
  for (bool log : {false, true}) {
    for (const auto& sides :
         {std::array{3, 7, 1}, {1, 1000, 1}, {2, 3, 5}, {1, 4, 100}, {5, 1, 1}, {2, 17, 33}}) {
      const int outer = sides[0], axis = sides[1], inner = sides[2];
      SoftmaxProblem p{outer, axis, inner, log};
      auto in = Random(random, outer * axis * inner);
      for (float& x : in) x *= 30;
      std::vector<float> out(in.size());
      ThreadPool pool(2);
      RunSoftmax(p, in.data(), out.data(), pool);
      for (int64_t o = 0; o < outer; ++o) {
        for (int64_t i = 0; i < inner; ++i) {
          const auto at = [&](int64_t k) {
            return static_cast<size_t>((o * axis + k) * inner + i);
          };
          double sum = 0, most = -1e300;
          for (int64_t k = 0; k < axis; ++k) most = std::max<double>(most, in[at(k)]);
          for (int64_t k = 0; k < axis; ++k) sum += std::exp(in[at(k)] - most);
          for (int64_t k = 0; k < axis; ++k) {
            const double want =
                log ? in[at(k)] - most - std::log(sum) : std::exp(in[at(k)] - most) / sum;
            ASSERT_NEAR(out[at(k)], want, log ? 1e-5 : 5e-7);
          }
        }
      }
      RunSoftmax(p, in.data(), in.data(), pool);
      EXPECT_EQ(in, out) << "in place";
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, GemmTest, ::testing::ValuesIn(TestTargets()), TargetName);

}  // namespace
}  // namespace peel::engine

#include "src/engine/kernels/map/channel_norm.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>
#include <vector>

#include "src/base/aligned_buffer.h"
#include "src/engine/kernels/layout.h"
#include "src/engine/kernels/test_images.h"
#include "src/engine/kernels/test_targets.h"

namespace peel::engine {
namespace {

class ChannelNormTest : public TargetTest {};

struct Case {
  ChannelNormProblem p;
  std::vector<float> scale, shift;

  Images Run(Images& in, int threads) {
    Images out(p.layout, p.shape, 16);
    auto scratch = *AlignedBuffer::Allocate(std::max<size_t>(ChannelNormScratchBytes(p), 1));
    std::memset(scratch.data(), 0xff, scratch.size());
    ThreadPool pool(threads);
    RunChannelNorm(p, scale.data(), shift.data(), in.in(), out.out(), scratch.data(), pool);
    return out;
  }

  // In double, straight from the definition.
  double Expected(Images& in, int64_t n, int64_t c, int64_t y, int64_t x) {
    double mean = 0, factor = scale[static_cast<size_t>(c)];
    if (c >= p.own_begin && c < p.own_end) {
      double variance = 0;
      const auto each = [&](const auto& f) {
        for (int64_t v = 0; v < p.shape.height; ++v)
          for (int64_t u = 0; u < p.shape.width; ++u) f(double{in.At(n, c, v, u)});
      };
      const auto pixels = static_cast<double>(p.shape.pixels());
      each([&](double v) { mean += v / pixels; });
      each([&](double v) { variance += (v - mean) * (v - mean) / pixels; });
      factor /= std::sqrt(variance + p.epsilon);
    }
    const double result = (in.At(n, c, y, x) - mean) * factor + shift[static_cast<size_t>(c)];
    return std::clamp<double>(result, p.lo, p.hi);
  }
};

Case RandomCase(std::mt19937& random, Layout layout, const Shape4& shape, int64_t begin,
                int64_t end, bool relu) {
  Case c;
  c.p.layout = layout;
  c.p.shape = shape;
  c.p.own_begin = begin;
  c.p.own_end = end;
  c.p.lo = relu ? 0.0f : -HUGE_VALF;
  c.p.hi = HUGE_VALF;
  std::uniform_real_distribution<float> any(-2, 2);
  for (int64_t i = 0; i < shape.channels; ++i) {
    c.scale.push_back(any(random));
    c.shift.push_back(any(random));
  }
  return c;
}

TEST_P(ChannelNormTest, RandomShapes) {
  std::mt19937 random(11);
  const auto pick = [&](int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(random);
  };
  for (int i = 0; i < 60 && !HasFailure(); ++i) {
    SCOPED_TRACE(i);
    const Shape4 shape{pick(1, 2), pick(1, 40), pick(1, 23), pick(1, 23)};
    const int64_t a = pick(0, shape.channels), b = pick(0, shape.channels);
    Case c = RandomCase(random, static_cast<Layout>(pick(0, 1)), shape, std::min(a, b),
                        std::max(a, b), pick(0, 1) != 0);
    Images in(c.p.layout, shape, 32);
    in.Fill(random, -1, 3);
    Images one = c.Run(in, 1);
    ExpectImages(one, 2e-5, [&](int64_t n, int64_t ch, int64_t y, int64_t x) {
      return c.Expected(in, n, ch, y, x);
    });
    Images three = c.Run(in, 3);
    int unequal = 0;
    one.ForEach([&](int64_t n, int64_t ch, int64_t y, int64_t x) {
      unequal += std::memcmp(&one.At(n, ch, y, x), &three.At(n, ch, y, x), sizeof(float)) != 0;
    });
    EXPECT_EQ(unequal, 0);
  }
}

// Several pieces a plane, and a mean that is large beside the deviation.
TEST_P(ChannelNormTest, LargeImagesFarFromZero) {
  std::mt19937 random(12);
  for (const Layout layout : {Layout::kBlocked, Layout::kPlain}) {
    const Shape4 shape{1, 3, 211, 307};
    Case c = RandomCase(random, layout, shape, 0, 3, false);
    Images in(layout, shape, 0);
    in.Fill(random, 99, 101);
    Images out = c.Run(in, 2);
    std::vector<double> sum(3), squares(3);
    out.ForEach([&](int64_t, int64_t ch, int64_t y, int64_t x) {
      const auto k = static_cast<size_t>(ch);
      const double v = (out.At(0, ch, y, x) - double{c.shift[k]}) / c.scale[k];
      sum[k] += v;
      squares[k] += v * v;
    });
    const auto pixels = static_cast<double>(shape.pixels());
    for (size_t k = 0; k < 3; ++k) {
      EXPECT_NEAR(sum[k] / pixels, 0, 1e-4);
      EXPECT_NEAR(squares[k] / pixels, 1, 1e-3);
    }
  }
}

TEST_P(ChannelNormTest, InPlace) {
  std::mt19937 random(13);
  const Shape4 shape{2, 20, 9, 13};
  Case c = RandomCase(random, Layout::kBlocked, shape, 5, 18, true);
  Images in(Layout::kBlocked, shape, 16);
  in.Fill(random);
  Images want = c.Run(in, 2);
  auto scratch = *AlignedBuffer::Allocate(ChannelNormScratchBytes(c.p));
  ThreadPool pool(2);
  RunChannelNorm(c.p, c.scale.data(), c.shift.data(), in.in(), in.out(), scratch.data(), pool);
  want.ForEach([&](int64_t n, int64_t ch, int64_t y, int64_t x) {
    EXPECT_EQ(want.At(n, ch, y, x), in.At(n, ch, y, x));
  });
}

INSTANTIATE_TEST_SUITE_P(Targets, ChannelNormTest, ::testing::ValuesIn(TestTargets()), TargetName);

}  // namespace
}  // namespace peel::engine

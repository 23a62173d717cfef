#include "src/engine/kernels/map/pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "src/engine/kernels/layout.h"
#include "src/engine/kernels/test_images.h"
#include "src/engine/kernels/test_targets.h"

namespace peel::engine {
namespace {

class PoolTest : public TargetTest {};

double Expected(const PoolProblem& p, Images& in, int64_t n, int64_t c, int64_t oy, int64_t ox) {
  double best = -HUGE_VAL, sum = 0;
  int inside = 0, padded = 0;
  for (int ky = 0; ky < p.kernel_h; ++ky) {
    for (int kx = 0; kx < p.kernel_w; ++kx) {
      const int64_t y = oy * p.stride_h - p.pad_top + int64_t{ky} * p.dilation_h;
      const int64_t x = ox * p.stride_w - p.pad_left + int64_t{kx} * p.dilation_w;
      if (y < p.in.height + p.pad_bottom && x < p.in.width + p.pad_right) ++padded;
      if (y < 0 || x < 0 || y >= p.in.height || x >= p.in.width) continue;
      ++inside;
      best = std::max<double>(best, in.At(n, c, y, x));
      sum += in.At(n, c, y, x);
    }
  }
  if (p.kind == PoolKind::kMax) return best;
  return sum / (p.kind == PoolKind::kAverage ? inside : padded);
}

TEST_P(PoolTest, RandomWindows) {
  std::mt19937 random(3);
  const auto pick = [&](int low, int high) {
    return std::uniform_int_distribution<int>(low, high)(random);
  };
  int checked = 0;
  for (int i = 0; i < 400 && !HasFailure(); ++i) {
    PoolProblem p;
    p.kind = static_cast<PoolKind>(pick(0, 2));
    p.layout = static_cast<Layout>(pick(0, 1));
    p.in = {pick(1, 2), pick(1, 35), pick(1, 17), pick(1, 17)};
    const bool halving = pick(0, 3) == 0;
    p.kernel_h = halving ? 2 : pick(1, 4);
    p.kernel_w = halving ? 2 : pick(1, 4);
    p.stride_h = halving ? 2 : pick(1, 3);
    p.stride_w = halving ? 2 : pick(1, 3);
    p.dilation_h = halving ? 1 : pick(1, 2);
    p.dilation_w = halving ? 1 : pick(1, 2);
    p.pad_top = halving ? 0 : pick(0, p.kernel_h - 1);
    p.pad_left = halving ? 0 : pick(0, p.kernel_w - 1);
    p.pad_bottom = halving ? 0 : pick(0, p.kernel_h - 1);
    p.pad_right = halving ? 0 : pick(0, p.kernel_w - 1);
    const bool ceil = pick(0, 1) != 0;
    const auto extent = [&](int64_t in, int before, int after, int kernel, int stride,
                            int dilation) {
      const int64_t room = in + before + after - int64_t{dilation} * (kernel - 1) - 1;
      if (room < 0) return 0;
      int64_t out = (ceil ? DivideUp(room, stride) : room / stride) + 1;
      if (ceil && (out - 1) * stride >= in + before) --out;
      return static_cast<int>(out);
    };
    p.out_height =
        extent(p.in.height, p.pad_top, p.pad_bottom, p.kernel_h, p.stride_h, p.dilation_h);
    p.out_width = extent(p.in.width, p.pad_left, p.pad_right, p.kernel_w, p.stride_w, p.dilation_w);
    if (p.out_height < 1 || p.out_width < 1 || !RejectPool(p).empty()) continue;
    ++checked;
    SCOPED_TRACE(i);
    Images in(p.layout, p.in, 16);
    in.Fill(random);
    for (int threads : {1, 3}) {
      ThreadPool pool(threads);
      Images out(p.layout, {p.in.batch, p.in.channels, p.out_height, p.out_width}, 32);
      RunPool(p, in.in(), out.out(), pool);
      ExpectImages(out, 1e-6, [&](int64_t n, int64_t c, int64_t y, int64_t x) {
        return Expected(p, in, n, c, y, x);
      });
    }
  }
  EXPECT_GT(checked, 200);
}

TEST_P(PoolTest, Global) {
  std::mt19937 random(4);
  ThreadPool pool(2);
  for (Layout layout : {Layout::kPlain, Layout::kBlocked}) {
    for (PoolKind kind : {PoolKind::kMax, PoolKind::kAverage}) {
      for (const Shape4& shape : {Shape4{2, 19, 5, 7}, Shape4{1, 32, 1, 1}, Shape4{1, 3, 40, 33}}) {
        Images in(layout, shape, 16), out(layout, {shape.batch, shape.channels, 1, 1}, 16);
        in.Fill(random);
        RunGlobalPool(kind, layout, shape, in.in(), out.out(), pool);
        ExpectImages(out, 1e-6, [&](int64_t n, int64_t c, int64_t, int64_t) {
          double best = -HUGE_VAL, sum = 0;
          for (int64_t y = 0; y < shape.height; ++y) {
            for (int64_t x = 0; x < shape.width; ++x) {
              best = std::max<double>(best, in.At(n, c, y, x));
              sum += in.At(n, c, y, x);
            }
          }
          return kind == PoolKind::kMax ? best : sum / static_cast<double>(shape.pixels());
        });
      }
    }
  }
}

TEST(RejectPool, WindowsInThePadding) {
  PoolProblem p;
  p.in = {1, 1, 4, 4};
  p.kernel_h = p.kernel_w = 2;
  p.out_height = p.out_width = 4;
  EXPECT_EQ(RejectPool(p), "");
  p.out_width = 5;  // the last window starts past the image
  EXPECT_NE(RejectPool(p), "");
}

INSTANTIATE_TEST_SUITE_P(Targets, PoolTest, ::testing::ValuesIn(TestTargets()), TargetName);

}  // namespace
}  // namespace peel::engine

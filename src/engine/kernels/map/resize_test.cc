#include "src/engine/kernels/map/resize.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "src/engine/kernels/layout.h"
#include "src/engine/kernels/test_images.h"
#include "src/engine/kernels/test_targets.h"

namespace peel::engine {
namespace {

class ResizeTest : public TargetTest {};

double Source(ResizeCoordinates kind, double at, double scale, double in, double out) {
  switch (kind) {
    case ResizeCoordinates::kHalfPixel:
      return (at + 0.5) / scale - 0.5;
    case ResizeCoordinates::kPytorchHalfPixel:
      return out > 1 ? (at + 0.5) / scale - 0.5 : 0;
    case ResizeCoordinates::kAlignCorners:
      return out > 1 ? at * (in - 1) / (out - 1) : 0;
    case ResizeCoordinates::kAsymmetric:
      return at / scale;
  }
  return 0;
}

Images Resized(const ResizeProblem& p, Images& in, int threads) {
  ThreadPool pool(threads);
  Images out(p.layout, {p.in.batch, p.in.channels, p.out_height, p.out_width}, 16);
  auto scratch = *AlignedBuffer::Allocate(ResizeScratchBytes(p, threads));
  RunResize(p, in.in(), out.out(), scratch.data(), pool);
  return out;
}

TEST_P(ResizeTest, LinearByEveryRule) {
  std::mt19937 random(5);
  for (Layout layout : {Layout::kPlain, Layout::kBlocked}) {
    for (int kind = 0; kind < 4; ++kind) {
      for (const auto& sides : {std::array{5, 7, 10, 14},
                                {10, 10, 20, 20},
                                {3, 3, 7, 1},
                                {9, 4, 9, 8},
                                {6, 5, 12, 5},
                                {16, 17, 5, 6},
                                {1, 1, 4, 3}}) {
        const int h = sides[0], w = sides[1], oh = sides[2], ow = sides[3];
        ResizeProblem p;
        p.layout = layout;
        p.coordinates = static_cast<ResizeCoordinates>(kind);
        p.in = {2, 19, h, w};
        p.out_height = oh;
        p.out_width = ow;
        Images in(layout, p.in, 16);
        in.Fill(random);
        SCOPED_TRACE(::testing::Message()
                     << kind << " " << h << "x" << w << " " << oh << "x" << ow);
        for (int threads : {1, 3}) {
          Images out = Resized(p, in, threads);
          ExpectImages(out, 3e-6, [&](int64_t n, int64_t c, int64_t y, int64_t x) {
            const auto at = [&](double v, int64_t extent, int64_t to) {
              const double s = Source(p.coordinates, v, 1.0 * to / extent, extent, to);
              return std::clamp<double>(s, 0, static_cast<double>(extent - 1));
            };
            const double sy = at(y, h, oh), sx = at(x, w, ow);
            const int64_t y0 = static_cast<int64_t>(sy), x0 = static_cast<int64_t>(sx);
            const int64_t y1 = std::min<int64_t>(y0 + 1, h - 1),
                          x1 = std::min<int64_t>(x0 + 1, w - 1);
            const double fy = sy - y0, fx = sx - x0;
            return (1 - fy) * ((1 - fx) * in.At(n, c, y0, x0) + fx * in.At(n, c, y0, x1)) +
                   fy * ((1 - fx) * in.At(n, c, y1, x0) + fx * in.At(n, c, y1, x1));
          });
        }
        if (HasFailure()) return;
      }
    }
  }
}

TEST_P(ResizeTest, NearestByEveryRounding) {
  std::mt19937 random(6);
  for (Layout layout : {Layout::kPlain, Layout::kBlocked}) {
    for (int rounding = 0; rounding < 4; ++rounding) {
      // Scales of two: coordinates are exact, so that ties are ties.
      for (const auto& sides : {std::array{5, 7, 10, 14}, {8, 6, 4, 3}, {4, 4, 16, 4}}) {
        const int h = sides[0], w = sides[1], oh = sides[2], ow = sides[3];
        for (ResizeCoordinates kind :
             {ResizeCoordinates::kHalfPixel, ResizeCoordinates::kAsymmetric}) {
          ResizeProblem p;
          p.mode = ResizeMode::kNearest;
          p.rounding = static_cast<ResizeRounding>(rounding);
          p.layout = layout;
          p.coordinates = kind;
          p.in = {1, 17, h, w};
          p.out_height = oh;
          p.out_width = ow;
          Images in(layout, p.in, 16);
          in.Fill(random);
          Images out = Resized(p, in, 2);
          ExpectImages(out, 0, [&](int64_t n, int64_t c, int64_t y, int64_t x) {
            const auto at = [&](double v, int64_t extent, int64_t to) {
              const double s = Source(kind, v, 1.0 * to / extent, extent, to);
              const double r = rounding == 0   ? std::ceil(s - 0.5)
                               : rounding == 1 ? std::floor(s + 0.5)
                               : rounding == 2 ? std::floor(s)
                                               : std::ceil(s);
              return static_cast<int64_t>(
                  std::clamp<double>(r, 0, static_cast<double>(extent - 1)));
            };
            return in.At(n, c, at(y, h, oh), at(x, w, ow));
          });
          if (HasFailure()) return;
        }
      }
    }
  }
}

TEST_P(ResizeTest, UsesTheStatedScale) {
  ResizeProblem p;
  p.mode = ResizeMode::kNearest;
  p.coordinates = ResizeCoordinates::kAsymmetric;
  p.rounding = ResizeRounding::kFloor;
  p.layout = Layout::kPlain;
  p.in = {1, 1, 1, 4};
  p.out_height = 1;
  p.out_width = 6;
  p.scale_w = 1.6f;  // 4 * 1.6 = 6.4, cut to 6
  Images in(Layout::kPlain, p.in);
  for (int x = 0; x < 4; ++x) in.At(0, 0, 0, x) = static_cast<float>(x);
  Images out = Resized(p, in, 1);
  const float want[] = {0, 0, 1, 1, 2, 3};
  for (int x = 0; x < 6; ++x) EXPECT_EQ(out.At(0, 0, 0, x), want[x]) << x;
}

INSTANTIATE_TEST_SUITE_P(Targets, ResizeTest, ::testing::ValuesIn(TestTargets()), TargetName);

}  // namespace
}  // namespace peel::engine

#include "src/engine/kernels/conv/conv_transpose.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <vector>

#include "src/engine/kernels/test_images.h"
#include "src/engine/kernels/test_targets.h"

namespace peel::engine {
namespace {

class ConvTransposeTest : public TargetTest {};

// By the definition: every input adds its patch.
void Check(const ConvProblem& p, uint32_t seed) {
  std::mt19937 random(seed);
  const Shape4 in_shape{p.batch, p.in_channels, p.in_height, p.in_width};
  const Shape4 out_shape{p.batch, p.out_channels, p.out_height, p.out_width};
  Images in(Layout::kBlocked, in_shape, 16), residual(Layout::kBlocked, out_shape, 16);
  in.Fill(random);
  residual.Fill(random);
  const int taps = p.kernel_h * p.kernel_w;
  std::uniform_real_distribution<float> any(-1, 1);
  std::vector<float> weights(static_cast<size_t>(p.in_channels * p.out_channels * taps));
  std::vector<float> bias(static_cast<size_t>(p.out_channels));
  for (float& w : weights) w = any(random);
  for (float& b : bias) b = any(random);

  std::vector<double> sums(
      static_cast<size_t>(out_shape.batch * out_shape.channels * out_shape.pixels()));
  const auto at = [&](int64_t n, int64_t c, int64_t y, int64_t x) -> double& {
    return sums[static_cast<size_t>(((n * p.out_channels + c) * p.out_height + y) * p.out_width +
                                    x)];
  };
  in.ForEach([&](int64_t n, int64_t c, int64_t y, int64_t x) {
    for (int o = 0; o < p.out_channels; ++o) {
      for (int ky = 0; ky < p.kernel_h; ++ky) {
        for (int kx = 0; kx < p.kernel_w; ++kx) {
          const int64_t oy = y * p.stride_h - p.pad_top + int64_t{ky} * p.dilation_h;
          const int64_t ox = x * p.stride_w - p.pad_left + int64_t{kx} * p.dilation_w;
          if (oy < 0 || ox < 0 || oy >= p.out_height || ox >= p.out_width) continue;
          at(n, o, oy, ox) +=
              double{in.At(n, c, y, x)} *
              weights[static_cast<size_t>((c * p.out_channels + o) * taps + ky * p.kernel_w + kx)];
        }
      }
    }
  });
  ASSERT_EQ(RejectConvTranspose(p), "");
  auto packed = *AlignedBuffer::Allocate(ConvTransposePackedBytes(p));
  PackConvTranspose(p, weights.data(), bias.data(), packed.data());
  for (int threads : {1, 3}) {
    auto scratch = *AlignedBuffer::Allocate(ConvTransposeScratchBytes(p, threads));
    std::memset(scratch.data(), 0xff, scratch.size());
    Images out(Layout::kBlocked, out_shape, 16);
    ConvArgs args;
    args.input = in.data();
    args.input_batch_stride = in.stride();
    args.packed = packed.data();
    args.residual = residual.data();
    args.residual_batch_stride = residual.stride();
    args.output = out.data();
    args.output_batch_stride = out.stride();
    args.scratch = scratch.data();
    ThreadPool pool(threads);
    RunConvTranspose(p, args, pool);
    ExpectImages(out, 2e-5, [&](int64_t n, int64_t c, int64_t y, int64_t x) {
      double sum = at(n, c, y, x) + bias[static_cast<size_t>(c)];
      if (p.epilogue.residual) sum += residual.At(n, c, y, x);
      return p.epilogue.activation == Activation::kRelu ? std::max(sum, 0.0) : sum;
    });
  }
}

TEST_P(ConvTransposeTest, CommonAndRandom) {
  std::mt19937 random(12);
  const auto pick = [&](int low, int high) {
    return std::uniform_int_distribution<int>(low, high)(random);
  };
  for (int i = 0; i < 40 && !HasFailure(); ++i) {
    ConvProblem p;
    p.in_layout = p.out_layout = Layout::kBlocked;
    p.batch = pick(1, 2);
    p.in_channels = pick(1, 40);
    p.out_channels = pick(1, 40);
    p.in_height = pick(1, 9);
    p.in_width = pick(1, 9);
    if (i % 3 == 0) {  // 2×2 and 4×4 with stride 2
      p.kernel_h = p.kernel_w = i % 2 == 0 ? 2 : 4;
      p.stride_h = p.stride_w = 2;
      p.pad_top = p.pad_left = p.kernel_h == 4 ? 1 : 0;
    } else {
      p.kernel_h = pick(1, 5);
      p.kernel_w = pick(1, 5);
      p.stride_h = pick(1, 4);
      p.stride_w = pick(1, 4);
      p.dilation_h = pick(1, 3);
      p.dilation_w = pick(1, 3);
      p.pad_top = pick(0, 2);
      p.pad_left = pick(0, 2);
    }
    p.out_height = (p.in_height - 1) * p.stride_h - 2 * p.pad_top +
                   p.dilation_h * (p.kernel_h - 1) + 1 + pick(0, p.stride_h - 1);
    p.out_width = (p.in_width - 1) * p.stride_w - 2 * p.pad_left + p.dilation_w * (p.kernel_w - 1) +
                  1 + pick(0, p.stride_w - 1);
    if (p.out_height < 1 || p.out_width < 1) continue;
    p.epilogue.residual = pick(0, 1) != 0;
    p.epilogue.activation = pick(0, 1) != 0 ? Activation::kRelu : Activation::kNone;
    SCOPED_TRACE(i);
    Check(p, static_cast<uint32_t>(i));
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, ConvTransposeTest, ::testing::ValuesIn(TestTargets()),
                         TargetName);

}  // namespace
}  // namespace peel::engine

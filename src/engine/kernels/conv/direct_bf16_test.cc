#include "src/engine/kernels/conv/direct_bf16.h"

#include <cmath>
#include <cstring>
#include <random>

#include "src/base/aligned_buffer.h"
#include "src/base/float16.h"
#include "src/engine/graph/tensor.h"
#include "src/engine/kernels/conv/conv_common.h"
#include "src/engine/kernels/gemm/bf16_gemm.h"
#include "src/engine/kernels/test_images.h"
#include "src/engine/kernels/test_targets.h"

namespace peel::engine {
namespace {

class DirectBf16 : public TargetTest {};

float Rounded(float x) { return Bfloat16ToFloat(FloatToBfloat16(x)); }

struct Shape {
  int in, out, height, width, kernel, stride = 1, dilation = 1, groups = 1, batch = 1;
};

ConvProblem Problem(const Shape& s) {
  ConvProblem p;
  p.batch = s.batch;
  p.in_channels = s.in, p.in_height = s.height, p.in_width = s.width;
  p.out_channels = s.out;
  p.kernel_h = p.kernel_w = s.kernel;
  p.stride_h = p.stride_w = s.stride;
  p.dilation_h = p.dilation_w = s.dilation;
  p.groups = s.groups;
  p.pad_top = p.pad_left = (s.kernel - 1) * s.dilation / 2;
  p.out_height = (s.height + 2 * p.pad_top - (s.kernel - 1) * s.dilation - 1) / s.stride + 1;
  p.out_width = (s.width + 2 * p.pad_left - (s.kernel - 1) * s.dilation - 1) / s.stride + 1;
  p.in_layout = p.out_layout = Layout::kBlocked;
  p.epilogue.activation = Activation::kRelu;
  p.epilogue.residual = s.batch > 1;
  return p;
}

// Beside sums in double of operands rounded once. The same bits for every number of threads.
TEST_P(DirectBf16, AgreesWithRoundedOperands) {
  const ConvKernel& kernel = Bf16ConvKernels().front();
  const Shape shapes[] = {{16, 16, 9, 23, 3},
                          {64, 64, 12, 20, 3},
                          {19, 33, 11, 13, 3, 2, 1},
                          {48, 96, 10, 10, 1},
                          {32, 16, 19, 18, 3, 1, 8},
                          {64, 32, 8, 9, 3, 1, 1, 2},
                          {17, 40, 13, 7, 5, 1, 2, 1, 2},
                          {16, 128, 90, 70, 3}};
  for (const Shape& shape : shapes) {
    const ConvProblem p = Problem(shape);
    if (GetBf16Gemm() == nullptr) {
      EXPECT_NE(kernel.reject(p), "");
      continue;
    }
    ASSERT_EQ(kernel.reject(p), "");
    std::mt19937 random(5);
    std::uniform_real_distribution<float> any(-1, 1);
    Images x(Layout::kBlocked, InputShape(p), 16), residual(Layout::kBlocked, OutputShape(p), 16);
    x.Fill(random);
    residual.Fill(random);
    const int in = p.in_channels / p.groups;
    std::vector<float> w(static_cast<size_t>(p.out_channels * in * p.kernel_h * p.kernel_w));
    std::vector<float> bias(static_cast<size_t>(p.out_channels));
    for (float& v : w) v = any(random);
    for (float& v : bias) v = any(random);
    const AlignedBuffer packed = *AlignedBuffer::Allocate(kernel.packed_bytes(p));
    kernel.pack(p, w.data(), bias.data(), const_cast<uint8_t*>(packed.data()));
    std::vector<Images> results;
    for (const int threads : {1, 2, 3}) {
      AlignedBuffer scratch = *AlignedBuffer::Allocate(kernel.scratch_bytes(p, threads));
      std::memset(scratch.data(), 0xff, scratch.size());
      Images& y = results.emplace_back(Layout::kBlocked, OutputShape(p), 48);
      ConvArgs args;
      args.input = x.data();
      args.input_batch_stride = x.stride();
      args.packed = packed.data();
      args.residual = residual.data();
      args.residual_batch_stride = residual.stride();
      args.output = y.data();
      args.output_batch_stride = y.stride();
      args.scratch = scratch.data();
      ThreadPool pool(threads);
      kernel.run(p, args, pool);
    }
    const double terms = 1.0 * in * p.kernel_h * p.kernel_w;
    ExpectImages(
        results[0], 1e-7 * (terms + 16), [&](int64_t n, int64_t c, int64_t oy, int64_t ox) {
          double sum = bias[static_cast<size_t>(c)];
          if (p.epilogue.residual) sum += residual.At(n, c, oy, ox);
          const int64_t first = c / (p.out_channels / p.groups) * in;
          for (int64_t k = 0; k < in; ++k) {
            for (int64_t ky = 0; ky < p.kernel_h; ++ky) {
              for (int64_t kx = 0; kx < p.kernel_w; ++kx) {
                const int64_t iy = oy * p.stride_h - p.pad_top + ky * p.dilation_h;
                const int64_t ix = ox * p.stride_w - p.pad_left + kx * p.dilation_w;
                if (iy < 0 || ix < 0 || iy >= p.in_height || ix >= p.in_width) continue;
                const auto at =
                    static_cast<size_t>(((c * in + k) * p.kernel_h + ky) * p.kernel_w + kx);
                sum += double{Rounded(x.At(n, first + k, iy, ix))} * Rounded(w[at]);
              }
            }
          }
          return std::max(sum, 0.0);
        });
    for (size_t i = 1; i < results.size(); ++i) {
      ExpectImages(results[i], 0, [&](auto... at) { return results[0].At(at...); });
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, DirectBf16, ::testing::ValuesIn(TestTargets()), TargetName);

}  // namespace
}  // namespace peel::engine

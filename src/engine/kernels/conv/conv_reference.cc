#include <algorithm>
#include <cmath>

#include "src/engine/kernels/conv/conv_common.h"

namespace peel::engine {
namespace {

// Convolution as its definition reads, in both layouts, with double accumulators; slow.

std::string Reject(const ConvProblem&) { return ""; }

double Cost(const ConvProblem& p, int threads) {
  return EstimateMs(MultiplyAdds(p), 0.01, 0, threads);
}

size_t ScratchBytes(const ConvProblem&, int) { return 0; }

float ActivateOne(const Epilogue& e, float x) {
  switch (e.activation) {
    case Activation::kNone:
      return x;
    case Activation::kRelu:
      return x < 0 ? 0 : x;
    case Activation::kLeakyRelu:
      return x < 0 ? e.alpha * x : x;
    case Activation::kClip:
      return x < e.alpha ? e.alpha : x > e.beta ? e.beta : x;
    case Activation::kSigmoid:
      return static_cast<float>(1 / (1 + std::exp(-double{x})));
    case Activation::kTanh:
      return std::tanh(x);
    case Activation::kHardSigmoid:
      return std::min(1.0f, std::max(0.0f, e.alpha * x + e.beta));
    case Activation::kHardSwish:
      return x * std::min(1.0f, std::max(0.0f, x / 6 + 0.5f));
    case Activation::kSilu:
      return static_cast<float>(x / (1 + std::exp(-double{x})));
    case Activation::kGelu:
      return static_cast<float>(0.5 * x * (1 + std::erf(x * 0.70710678118654752440)));
    case Activation::kElu:
      return x < 0 ? e.alpha * std::expm1(x) : x;
    case Activation::kSoftplus:
      return static_cast<float>(std::max(x, 0.0f) + std::log1p(std::exp(-std::abs(double{x}))));
  }
  return x;
}

// Floats from the start of an image to its first pixel of a channel, and from pixel to pixel.
int64_t ChannelStart(Layout layout, int64_t pixels, int64_t channel) {
  return layout == Layout::kPlain ? channel * pixels
                                  : channel / kBlock * kBlock * pixels + channel % kBlock;
}
int PixelStep(Layout layout) { return layout == Layout::kPlain ? 1 : kBlock; }

void Run(const ConvProblem& p, const ConvArgs& args, ThreadPool& pool) {
  const float* weights = static_cast<const float*>(args.packed);
  const float* bias = weights + WeightCount(p);
  const int64_t in_pixels = int64_t{p.in_height} * p.in_width;
  const int64_t out_pixels = int64_t{p.out_height} * p.out_width;
  const int group_in = p.in_channels / p.groups, group_out = p.out_channels / p.groups;
  const int in_step = PixelStep(p.in_layout), out_step = PixelStep(p.out_layout);
  const int channels = p.out_layout == Layout::kBlocked
                           ? static_cast<int>(RoundUp(p.out_channels, kBlock))
                           : p.out_channels;
  pool.ParallelFor(int64_t{p.batch} * channels, [&](int64_t item, int) {
    const int n = static_cast<int>(item / channels), c = static_cast<int>(item % channels);
    const int64_t start = ChannelStart(p.out_layout, out_pixels, c);
    float* out = args.output + n * args.output_batch_stride + start;
    const float* residual = args.residual + n * args.residual_batch_stride + start;
    const float* image = args.input + n * args.input_batch_stride;
    for (int64_t pixel = 0; pixel < out_pixels; ++pixel) {
      if (c >= p.out_channels) {
        out[pixel * out_step] = 0;
        continue;
      }
      const int64_t y0 = pixel / p.out_width * p.stride_h - p.pad_top;
      const int64_t x0 = pixel % p.out_width * p.stride_w - p.pad_left;
      double sum = bias[c];
      for (int i = 0; i < group_in; ++i) {
        const float* in =
            image + ChannelStart(p.in_layout, in_pixels, int64_t{c / group_out} * group_in + i);
        const float* w = weights + (int64_t{c} * group_in + i) * p.kernel_h * p.kernel_w;
        for (int ky = 0; ky < p.kernel_h; ++ky) {
          const int64_t y = y0 + int64_t{ky} * p.dilation_h;
          if (y < 0 || y >= p.in_height) continue;
          for (int kx = 0; kx < p.kernel_w; ++kx) {
            const int64_t x = x0 + int64_t{kx} * p.dilation_w;
            if (x < 0 || x >= p.in_width) continue;
            sum += double{in[(y * p.in_width + x) * in_step]} * w[ky * p.kernel_w + kx];
          }
        }
      }
      if (p.epilogue.residual) sum += residual[pixel * out_step];
      float result = ActivateOne(p.epilogue, static_cast<float>(sum));
      if (p.epilogue.residual_after) result += residual[pixel * out_step];
      out[pixel * out_step] = result;
    }
  });
}

}  // namespace

const ConvKernel kConvReference = {"conv_reference", Reject,       Cost, PlainPackedBytes,
                                   PackPlain,        ScratchBytes, Run};

}  // namespace peel::engine

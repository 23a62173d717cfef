#include "src/engine/kernels/bytes/qconv.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "src/base/aligned_buffer.h"
#include "src/base/checked.h"
#include "src/engine/kernels/registry.h"
#include "src/engine/kernels/test_targets.h"

namespace peel::engine {
namespace {

class QConvTest : public TargetTest {};

// One problem with its operands, the plainest computation of it, and runs of kernels beside it.
class Case {
 public:
  Case(const QConvProblem& q, uint32_t seed) : q_(q), random_(seed) {
    const ConvProblem& p = q.conv;
    in_pixels_ = int64_t{p.in_height} * p.in_width;
    out_pixels_ = int64_t{p.out_height} * p.out_width;
    x_.resize(Size(p.batch * p.in_channels * in_pixels_));
    w_.resize(Size(int64_t{p.out_channels} * (p.in_channels / p.groups) * p.kernel_h * p.kernel_w));
    for (auto& x : x_) x = static_cast<uint8_t>(Any(0, 255));
    for (auto& w : w_) w = static_cast<int8_t>(Any(-128, 127));
    const double terms = 1.0 * p.in_channels / p.groups * p.kernel_h * p.kernel_w;
    for (int c = 0; c < p.out_channels; ++c) {
      bias_.push_back(Any(-20000, 20000));
      multiplier_.push_back(static_cast<float>(Any(5, 40) * 1e-3 / std::sqrt(terms)));
    }
  }

  static size_t Size(int64_t n) { return static_cast<size_t>(n); }
  int Any(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random_); }

  // The real result before it is made a byte.
  float Scaled(int n, int c, int oy, int ox) const {
    const ConvProblem& p = q_.conv;
    const int in = p.in_channels / p.groups, g = c / (p.out_channels / p.groups);
    int64_t sum = bias_[Size(c)];
    for (int k = 0; k < in; ++k) {
      for (int ky = 0; ky < p.kernel_h; ++ky) {
        for (int kx = 0; kx < p.kernel_w; ++kx) {
          const int y = oy * p.stride_h - p.pad_top + ky * p.dilation_h;
          const int x = ox * p.stride_w - p.pad_left + kx * p.dilation_w;
          if (y < 0 || y >= p.in_height || x < 0 || x >= p.in_width) continue;
          const int64_t at =
              (int64_t{n} * p.in_channels + g * in + k) * in_pixels_ + int64_t{y} * p.in_width + x;
          const int64_t weight = ((int64_t{c} * in + k) * p.kernel_h + ky) * p.kernel_w + kx;
          sum += (x_[Size(at)] - q_.x_zero) * w_[Size(weight)];
        }
      }
    }
    return static_cast<float>(sum) * multiplier_[Size(c)];
  }

  void Check(const QConvKernel& kernel, int threads) {
    const ConvProblem& p = q_.conv;
    SCOPED_TRACE(std::string(kernel.name) + " in " + std::to_string(p.in_channels) + " out " +
                 std::to_string(p.out_channels) + " k " + std::to_string(p.kernel_h) + " s " +
                 std::to_string(p.stride_w) + " d " + std::to_string(p.dilation_w) + " layouts " +
                 std::to_string(static_cast<int>(p.in_layout)) +
                 std::to_string(static_cast<int>(p.out_layout)) + " threads " +
                 std::to_string(threads));
    const int64_t in_channels = Channels(p.in_layout, p.in_channels);
    const int64_t out_channels = Channels(p.out_layout, p.out_channels);
    // 16 bytes are all that a blocked operand may rely on, and a plain one on nothing.
    const int64_t shift = p.in_layout == Layout::kBlocked ? 16 : 5;
    const int64_t in_stride = in_channels * in_pixels_ + 32;
    const int64_t out_stride = out_channels * out_pixels_ + 48;
    AlignedBuffer input = *AlignedBuffer::Allocate(Size(p.batch * in_stride + 64));
    std::memset(input.data(), 0xa5, input.size());  // what lies past the channels is anything
    for (int n = 0; n < p.batch; ++n) {
      for (int c = 0; c < p.in_channels; ++c) {
        for (int64_t i = 0; i < in_pixels_; ++i) {
          input.data()[shift + n * in_stride + At(p.in_layout, c, i, in_pixels_)] =
              x_[Size((int64_t{n} * p.in_channels + c) * in_pixels_ + i)];
        }
      }
    }
    const int64_t element = q_.to_float ? 4 : 1;
    AlignedBuffer output = *AlignedBuffer::Allocate(Size((p.batch * out_stride + 64) * element));
    std::memset(output.data(), 0x5a, output.size());
    AlignedBuffer packed = *AlignedBuffer::Allocate(kernel.packed_bytes(q_));
    kernel.pack(q_, w_.data(), bias_.data(), multiplier_.data(), packed.data());
    AlignedBuffer scratch =
        *AlignedBuffer::Allocate(std::max<size_t>(kernel.scratch_bytes(q_, threads), 64));
    std::memset(scratch.data(), 0xff, scratch.size());
    QConvArgs args;
    args.input = input.data() + shift;
    args.input_batch_stride = in_stride;
    args.packed = packed.data();
    args.output = output.data();
    args.output_batch_stride = out_stride;
    args.scratch = scratch.data();
    ThreadPool pool(threads);
    kernel.run(q_, args, pool);

    std::vector<char> written(Size(p.batch * out_stride + 64), 0);
    int bad = 0;
    for (int n = 0; n < p.batch; ++n) {
      for (int64_t c = 0; c < out_channels; ++c) {
        for (int64_t i = 0; i < out_pixels_; ++i) {
          const int64_t at = n * out_stride + At(p.out_layout, c, i, out_pixels_);
          written[Size(at)] = 1;
          if (c >= p.out_channels) {
            if (q_.to_float) bad += output.as<float>()[at] != 0;
            continue;
          }
          const float want = Scaled(n, static_cast<int>(c), static_cast<int>(i / p.out_width),
                                    static_cast<int>(i % p.out_width));
          if (q_.to_float) {
            bad += output.as<float>()[at] != std::max(want, 0.0f);
          } else {
            bad += output.data()[at] != RoundToByte(want, q_.range);
          }
        }
      }
    }
    EXPECT_EQ(bad, 0);
    int touched = 0;
    for (size_t i = 0; i < written.size(); ++i) {
      if (!written[i]) touched += output.data()[i * Size(element)] != 0x5a;
    }
    EXPECT_EQ(touched, 0) << "elements outside the result";
  }

 private:
  static int64_t Channels(Layout layout, int64_t channels) {
    return layout == Layout::kBlocked ? RoundUp(channels, int64_t{kBlock}) : channels;
  }
  static int64_t At(Layout layout, int64_t c, int64_t pixel, int64_t pixels) {
    return layout == Layout::kPlain ? c * pixels + pixel
                                    : (c / kBlock * pixels + pixel) * kBlock + c % kBlock;
  }

  QConvProblem q_;
  std::mt19937 random_;
  int64_t in_pixels_, out_pixels_;
  std::vector<uint8_t> x_;
  std::vector<int8_t> w_;
  std::vector<int32_t> bias_;
  std::vector<float> multiplier_;
};

struct Shape {
  int in, out, height, width, kernel = 3, stride = 1, dilation = 1, groups = 1, batch = 1;
};

// Padded so that the extents stay, unevenly where the shapes' number is odd.
QConvProblem Problem(const Shape& s, int number) {
  QConvProblem q;
  ConvProblem& p = q.conv;
  p.batch = s.batch;
  p.in_channels = s.in, p.in_height = s.height, p.in_width = s.width;
  p.out_channels = s.out;
  p.kernel_h = p.kernel_w = s.kernel;
  p.stride_h = p.stride_w = s.stride;
  p.dilation_h = p.dilation_w = s.dilation;
  p.groups = s.groups;
  const int reach = (s.kernel - 1) * s.dilation;
  p.pad_top = reach / 2;
  p.pad_left = number % 2 ? std::min(1, reach) : reach / 2;
  p.out_height = (s.height + 2 * p.pad_top - reach - 1) / s.stride + 1;
  p.out_width = (s.width + p.pad_left + reach / 2 - reach - 1) / s.stride + 1;
  q.x_zero = number * 37 % 256;
  q.range = {number * 53 % 256, 3, number % 3 ? 255 : 200};
  return q;
}

const Shape kShapes[] = {
    {16, 16, 9, 23},
    {64, 64, 12, 20},
    {3, 64, 15, 31},                  // few inputs
    {4, 48, 7, 6, 5},                 // a larger kernel
    {19, 21, 11, 13},                 // tails on both sides
    {32, 96, 10, 10, 1},              // flat
    {40, 16, 9, 7, 1, 2},             // strided 1×1
    {16, 32, 21, 17, 3, 2},           // strided
    {32, 16, 19, 18, 3, 1, 8},        // dilation beyond the padding
    {17, 33, 14, 9, 3, 2, 2, 1, 2},   // everything at once
    {64, 64, 8, 8, 3, 1, 1, 2},       // groups of whole blocks
    {24, 24, 13, 9, 3, 1, 1, 24, 2},  // depthwise
    {32, 32, 12, 14, 3, 2, 1, 32},    // depthwise, strided
    {35, 35, 12, 9, 5, 1, 2, 35},     // depthwise, dilated
    {64, 1, 20, 37},                  // few outputs
    {6, 1, 9, 11, 1, 1, 1, 1, 2},     // a last 1×1
    {48, 3, 17, 40, 3, 1, 2, 1, 2},   // few outputs, dilated
    {16, 2, 5, 5, 5},                 // few outputs of many taps
    {160, 32, 6, 5},                  // long sums
    {16, 16, 1, 1},                   // a single pixel
    {512, 64, 3, 4, 3, 1, 2, 1},
};

TEST_P(QConvTest, EveryKernelIsExact) {
  std::vector<std::string> ran;
  for (const QConvKernel& kernel : QConvKernels()) {
    int number = 0, taken = 0;
    for (const Shape& shape : kShapes) {
      ++number;
      for (const Layout in : {Layout::kBlocked, Layout::kPlain}) {
        for (const Layout out : {Layout::kBlocked, Layout::kPlain}) {
          QConvProblem q = Problem(shape, number);
          q.conv.in_layout = in;
          q.conv.out_layout = out;
          if (!kernel.reject(q).empty()) continue;
          Case(q, static_cast<uint32_t>(number)).Check(kernel, 1 + number % 3);
          ++taken;
          q.to_float = true;
          q.conv.epilogue.activation = Activation::kRelu;
          if (kernel.reject(q).empty()) Case(q, 7).Check(kernel, 1 + (number + 1) % 3);
          if (::testing::Test::HasFailure()) return;
        }
      }
    }
    EXPECT_GE(taken, 3) << kernel.name;
  }
}

// Bands of rows, shared copies and single panels: sizes at which the work is divided otherwise.
TEST_P(QConvTest, LargeImagesAreDividedExactly) {
  const Shape shapes[] = {
      {16, 16, 120, 130}, {64, 64, 40, 40}, {48, 80, 97, 61, 1}, {64, 1, 90, 70}};
  int number = 0;
  for (const Shape& shape : shapes) {
    QConvProblem q = Problem(shape, ++number);
    q.conv.in_layout = Layout::kBlocked;
    q.conv.out_layout = shape.out == 1 ? Layout::kPlain : Layout::kBlocked;
    for (const QConvKernel& kernel : QConvKernels()) {
      if (!kernel.reject(q).empty()) continue;
      Case(q, 3).Check(kernel, 2);
    }
  }
}

TEST(QConv, RefusesSumsThatMightNotFit) {
  QConvProblem q = Problem({4096, 16, 4, 4}, 1);
  q.conv.in_layout = q.conv.out_layout = Layout::kBlocked;
  for (const QConvKernel& kernel : QConvKernels()) EXPECT_NE(kernel.reject(q), "") << kernel.name;
}

INSTANTIATE_TEST_SUITE_P(Targets, QConvTest, ::testing::ValuesIn(TestTargets()), TargetName);

}  // namespace
}  // namespace peel::engine

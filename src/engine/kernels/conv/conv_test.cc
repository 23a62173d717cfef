#include "src/engine/kernels/conv/conv.h"

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "src/base/aligned_buffer.h"
#include "src/base/cpu.h"
#include "src/engine/kernels/conv/conv_common.h"
#include "src/engine/kernels/registry.h"
#include "src/engine/kernels/shape4.h"
#include "src/engine/kernels/test_images.h"
#include "src/engine/kernels/test_targets.h"

namespace peel::engine {
namespace {

std::string Describe(const ConvProblem& p) {
  std::string s;
  const auto add = [&](const char* name, int value) {
    s += std::string(name) + "=" + std::to_string(value) + " ";
  };
  add("n", p.batch), add("ci", p.in_channels), add("h", p.in_height), add("w", p.in_width);
  add("co", p.out_channels), add("oh", p.out_height), add("ow", p.out_width);
  add("kh", p.kernel_h), add("kw", p.kernel_w), add("sh", p.stride_h), add("sw", p.stride_w);
  add("dh", p.dilation_h), add("dw", p.dilation_w), add("pt", p.pad_top), add("pl", p.pad_left);
  add("g", p.groups), add("act", static_cast<int>(p.epilogue.activation));
  add("res", p.epilogue.residual), add("after", p.epilogue.residual_after);
  add("in", static_cast<int>(p.in_layout)), add("out", static_cast<int>(p.out_layout));
  return s;
}

class ConvCase {
 public:
  ConvCase(const ConvProblem& p, uint32_t seed)
      : p_(p),
        random_(seed),
        input_(p.in_layout, {p.batch, p.in_channels, p.in_height, p.in_width}, 32),
        residual_(p.out_layout, {p.batch, p.out_channels, p.out_height, p.out_width}, 16),
        weights_(static_cast<size_t>(p.out_channels) *
                 static_cast<size_t>(p.in_channels / p.groups) *
                 static_cast<size_t>(p.kernel_h * p.kernel_w)),
        bias_(static_cast<size_t>(p.out_channels)) {
    std::uniform_real_distribution<float> any(-1, 1);
    input_.Fill(random_);
    residual_.Fill(random_);
    for (float& w : weights_) w = any(random_);
    for (float& b : bias_) b = any(random_);
  }

  // in_place: the result goes over the residual.
  Images Run(const ConvKernel& kernel, int threads, bool with_bias = true, bool in_place = false) {
    const int step = p_.max_pool ? 2 : 1;
    Images output(p_.out_layout,
                  {p_.batch, p_.out_channels, p_.out_height / step, p_.out_width / step}, 48);
    if (in_place) {
      output.ForEach([&](int64_t n, int64_t c, int64_t y, int64_t x) {
        output.At(n, c, y, x) = residual_.At(n, c, y, x);
      });
    }
    auto packed = *AlignedBuffer::Allocate(std::max<size_t>(kernel.packed_bytes(p_), 1));
    kernel.pack(p_, weights_.data(), with_bias ? bias_.data() : nullptr, packed.data());
    auto scratch = *AlignedBuffer::Allocate(std::max<size_t>(kernel.scratch_bytes(p_, threads), 1));
    std::memset(scratch.data(), 0xff, scratch.size());  // NaN, should anything be read unwritten
    ConvArgs args;
    args.input = input_.data();
    args.input_batch_stride = input_.stride();
    args.packed = packed.data();
    if (p_.epilogue.residual || p_.epilogue.residual_after) args.residual = residual_.data();
    args.residual_batch_stride = residual_.stride();
    args.output = output.data();
    args.output_batch_stride = output.stride();
    if (in_place) {
      args.residual = output.data();
      args.residual_batch_stride = output.stride();
    }
    args.scratch = scratch.data();
    ThreadPool pool(threads);
    kernel.run(p_, args, pool);
    return output;
  }

  // Against the reference, whose sums are exact to double. |x| and |w| are at most 1 and average a
  // half, so sum |x||w| is about K/4; a chain of K float additions loses a few parts in 2^24 of it.
  // Winograd's transforms multiply that by the size of their constants.
  void Check(const ConvKernel& kernel) {
    SCOPED_TRACE(std::string(kernel.name) + " " + Describe(p_));
    Images want = Run(ConvKernels().back(), 1);
    Images got = Run(kernel, 1);
    ASSERT_TRUE(got.Clean());
    const double k = 1.0 * p_.in_channels / p_.groups * p_.kernel_h * p_.kernel_w;
    const std::string name = kernel.name;
    const double winograd = name == "winograd_f6"   ? 40
                            : name == "winograd_f4" ? 10
                            : name == "winograd_f2" ? 2
                                                    : 1;
    const double tolerance = 6e-8 * winograd * (k + 8 * std::sqrt(k) + 16);
    double worst = 0;
    int bad = 0;
    got.ForEach([&](int64_t n, int64_t c, int64_t y, int64_t x) {
      const double difference = std::abs(double{got.At(n, c, y, x)} - want.At(n, c, y, x));
      if (!(difference <= tolerance)) {
        if (++bad == 1) {
          ADD_FAILURE() << "n " << n << " c " << c << " y " << y << " x " << x << ": "
                        << got.At(n, c, y, x) << " instead of " << want.At(n, c, y, x);
        }
      }
      worst = std::max(worst, difference);
    });
    EXPECT_EQ(bad, 0) << "worst " << worst << ", allowed " << tolerance;
    for (int threads : {2, 3}) {
      Images other = Run(kernel, threads);
      int unequal = 0;
      got.ForEach([&](int64_t n, int64_t c, int64_t y, int64_t x) {
        unequal += std::memcmp(&got.At(n, c, y, x), &other.At(n, c, y, x), sizeof(float)) != 0;
      });
      EXPECT_EQ(unequal, 0) << "elements that differ with " << threads << " threads";
      EXPECT_TRUE(other.Clean());
    }
    const Epilogue& e = p_.epilogue;
    if (!kernel.residual_in_place || !IsClamp(e) || !(e.residual || e.residual_after)) return;
    Images over = Run(kernel, 2, /*with_bias=*/true, /*in_place=*/true);
    int unequal = 0;
    got.ForEach([&](int64_t n, int64_t c, int64_t y, int64_t x) {
      unequal += std::memcmp(&got.At(n, c, y, x), &over.At(n, c, y, x), sizeof(float)) != 0;
    });
    EXPECT_EQ(unequal, 0) << "elements that differ when written over the residual";
  }

  // The kernel's pooled result against its own, pooled here.
  void CheckPooled(const ConvKernel& kernel) {
    SCOPED_TRACE(std::string(kernel.name) + " pooled " + Describe(p_));
    ASSERT_EQ(kernel.reject(p_), "");
    Images whole = Run(kernel, 1);
    p_.max_pool = true;
    ASSERT_EQ(kernel.reject(p_), "");
    for (const int threads : {1, 3}) {
      Images pooled = Run(kernel, threads);
      ASSERT_TRUE(pooled.Clean());
      int unequal = 0;
      pooled.ForEach([&](int64_t n, int64_t c, int64_t y, int64_t x) {
        float most = whole.At(n, c, 2 * y, 2 * x);
        for (const auto& [dy, dx] : {std::pair(0, 1), std::pair(1, 0), std::pair(1, 1)}) {
          most = std::max(most, whole.At(n, c, 2 * y + dy, 2 * x + dx));
        }
        unequal += pooled.At(n, c, y, x) != most;
      });
      EXPECT_EQ(unequal, 0) << "elements that differ with " << threads << " threads";
    }
    p_.max_pool = false;
  }

 private:
  ConvProblem p_;
  std::mt19937 random_;
  Images input_, residual_;
  std::vector<float> weights_, bias_;
};

// Every kernel but the reference that takes the problem, in each pair of layouts.
int CheckAll(ConvProblem p, uint32_t seed) {
  int checked = 0;
  for (Layout in : {Layout::kPlain, Layout::kBlocked}) {
    for (Layout out : {Layout::kPlain, Layout::kBlocked}) {
      p.in_layout = in;
      p.out_layout = out;
      for (const ConvKernel& kernel : ConvKernels().first(ConvKernels().size() - 1)) {
        if (!kernel.reject(p).empty()) continue;
        ConvCase(p, seed).Check(kernel);
        ++checked;
        if (::testing::Test::HasFailure()) return checked;
      }
    }
  }
  return checked;
}

ConvProblem Make(int ci, int co, int h, int w, int kernel, int stride, int dilation, int pad) {
  ConvProblem p;
  p.in_channels = ci;
  p.out_channels = co;
  p.in_height = h;
  p.in_width = w;
  p.kernel_h = p.kernel_w = kernel;
  p.stride_h = p.stride_w = stride;
  p.dilation_h = p.dilation_w = dilation;
  p.pad_top = p.pad_left = pad;
  const int reach = dilation * (kernel - 1) + 1;
  p.out_height = (h + 2 * pad - reach) / stride + 1;
  p.out_width = (w + 2 * pad - reach) / stride + 1;
  return p;
}

class ConvTest : public TargetTest {};

TEST_P(ConvTest, EverySmallSizeAndPadding) {
  uint32_t seed = 1;
  for (int size = 1; size <= 17; ++size) {
    for (int pad : {0, 1, 2}) {
      if (std::min(size, 18 - size) + 2 * pad < 3) continue;
      CheckAll(Make(5, 7, size, 18 - size, 3, 1, 1, pad), seed++);
      if (HasFailure()) return;
    }
  }
}

TEST_P(ConvTest, Dilations) {
  uint32_t seed = 100;
  for (int dilation : {1, 2, 4, 8}) {
    for (int size : {3, 10, 13, 20}) {
      CheckAll(Make(16, 17, size, size + 1, 3, 1, dilation, dilation), seed++);
      if (HasFailure()) return;
    }
  }
}

TEST_P(ConvTest, ChannelTails) {
  uint32_t seed = 200;
  for (int channels = 1; channels <= 33; ++channels) {
    CheckAll(Make(channels, 34 - channels, 6, 9, 3, 1, 1, 1), seed++);
    CheckAll(Make(34 - channels, channels, 5, 7, 1, 1, 1, 0), seed++);
    if (HasFailure()) return;
  }
}

TEST_P(ConvTest, WidePanels) {
  uint32_t seed = 300;
  for (int channels : {48, 64, 80, 100, 128, 144}) {
    CheckAll(Make(32, channels, 9, 11, 3, 1, 1, 1), seed++);
    CheckAll(Make(channels, 64, 7, 31, 1, 1, 1, 0), seed++);
    if (HasFailure()) return;
  }
}

TEST_P(ConvTest, StridesAndKernels) {
  uint32_t seed = 400;
  for (int kernel : {1, 2, 3, 5, 7}) {
    for (int stride : {1, 2, 3}) {
      for (int channels : {3, 16, 20}) {
        CheckAll(Make(channels, 24, 19, 22, kernel, stride, 1, kernel / 2), seed++);
        if (HasFailure()) return;
      }
    }
  }
}

TEST_P(ConvTest, DeepSums) {
  CheckAll(Make(512, 64, 4, 5, 3, 1, 1, 1), 500);
  CheckAll(Make(300, 16, 6, 6, 5, 1, 1, 2), 501);
}

TEST_P(ConvTest, ManyBlocksOfTiles) {
  CheckAll(Make(16, 16, 61, 67, 3, 1, 1, 1), 510);
  CheckAll(Make(64, 32, 50, 47, 3, 1, 2, 2), 511);
  CheckAll(Make(24, 64, 70, 33, 3, 2, 1, 1), 512);
  CheckAll(Make(128, 130, 21, 20, 3, 1, 1, 1), 513);
}

TEST_P(ConvTest, Epilogues) {
  uint32_t seed = 600;
  for (int activation = 0; activation <= static_cast<int>(Activation::kSoftplus); ++activation) {
    for (int residual : {0, 1, 2}) {
      for (int shape = 0; shape < 4; ++shape) {
        ConvProblem p = shape == 0   ? Make(20, 19, 7, 9, 3, 1, 1, 1)
                        : shape == 1 ? Make(20, 19, 7, 9, 1, 1, 1, 0)
                        : shape == 2 ? Make(3, 19, 7, 9, 3, 2, 1, 1)
                                     : Make(20, 1, 7, 9, 3, 1, 1, 1);
        p.epilogue.activation = static_cast<Activation>(activation);
        p.epilogue.residual = residual == 1;
        p.epilogue.residual_after = residual == 2;
        p.epilogue.alpha = activation == static_cast<int>(Activation::kClip) ? 0.125f : 0.2f;
        p.epilogue.beta = 0.5f;
        CheckAll(p, seed++);
        if (HasFailure()) return;
      }
    }
  }
}

// What direct_few_in pools on its way out is the largest of each 2x2 of what it gives without.
TEST_P(ConvTest, PooledFirstLayers) {
  uint32_t seed = 700;
  for (const int channels : {1, 3, 8}) {
    for (const int out : {5, 16, 48, 64, 100}) {
      for (const int width : {2, 10, 24, 26, 70}) {
        ConvProblem p = Make(channels, out, 6, width, 3, 1, 1, 1);
        p.batch = 2;
        p.out_layout = Layout::kBlocked;
        p.epilogue.activation = width % 4 == 2 ? Activation::kRelu : Activation::kNone;
        ConvCase(p, seed++).CheckPooled(kDirectFewIn);
        if (HasFailure()) return;
      }
    }
  }
  ConvProblem strided = Make(3, 32, 23, 32, 5, 2, 1, 2);
  strided.out_layout = Layout::kBlocked;
  ASSERT_EQ(strided.out_height * strided.out_width, 12 * 16);
  ConvCase(strided, seed).CheckPooled(kDirectFewIn);
}

TEST_P(ConvTest, RandomProblems) {
  std::mt19937 random(7);
  const auto pick = [&](int low, int high) {
    return std::uniform_int_distribution<int>(low, high)(random);
  };
  int checked = 0;
  for (int i = 0; i < 120 && !HasFailure(); ++i) {
    ConvProblem p;
    p.batch = pick(1, 2);
    p.in_channels = pick(1, 40);
    p.out_channels = pick(1, 40);
    p.in_height = pick(1, 24);
    p.in_width = pick(1, 24);
    const bool winograd = pick(0, 1) != 0;
    p.kernel_h = winograd ? 3 : pick(1, 5);
    p.kernel_w = winograd ? 3 : pick(1, 5);
    p.stride_h = winograd ? 1 : pick(1, 3);
    p.stride_w = winograd ? 1 : pick(1, 3);
    p.dilation_h = pick(1, 3);
    p.dilation_w = pick(1, 3);
    p.pad_top = pick(0, 4);
    p.pad_left = pick(0, 4);
    const int bottom = pick(0, 4), right = pick(0, 4);
    if (pick(0, 5) == 0) {  // depthwise, sometimes several outputs for one input
      p.groups = p.in_channels;
      p.out_channels = p.in_channels * pick(1, 2);
    } else if (pick(0, 5) == 0) {
      p.groups = 2;
      p.in_channels = 32 * pick(1, 2);
      p.out_channels = 32;
    }
    const int height = p.in_height + p.pad_top + bottom - p.dilation_h * (p.kernel_h - 1) - 1;
    const int width = p.in_width + p.pad_left + right - p.dilation_w * (p.kernel_w - 1) - 1;
    if (height < 0 || width < 0) continue;
    p.out_height = height / p.stride_h + 1;
    p.out_width = width / p.stride_w + 1;
    p.epilogue.activation = static_cast<Activation>(pick(0, 2));
    p.epilogue.alpha = 0.1f;
    p.epilogue.residual = pick(0, 1) != 0;
    p.epilogue.residual_after = !p.epilogue.residual && pick(0, 1) != 0;
    checked += CheckAll(p, static_cast<uint32_t>(1000 + i));
  }
  EXPECT_GT(checked, 60);
}

INSTANTIATE_TEST_SUITE_P(Targets, ConvTest, ::testing::ValuesIn(TestTargets()), TargetName);

}  // namespace
}  // namespace peel::engine

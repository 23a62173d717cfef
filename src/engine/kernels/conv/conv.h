#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "src/base/thread_pool.h"
#include "src/engine/kernels/epilogue.h"
#include "src/engine/kernels/layout.h"

namespace peel::engine {

// A two-dimensional convolution as a kernel sees it. Extents in pixels and channels.
struct ConvProblem {
  int batch = 1;
  int in_channels = 0, in_height = 0, in_width = 0;
  int out_channels = 0, out_height = 0, out_width = 0;
  int kernel_h = 1, kernel_w = 1, stride_h = 1, stride_w = 1, dilation_h = 1, dilation_w = 1;
  int pad_top = 0, pad_left = 0;  // bottom and right follow from the output's extents
  int groups = 1;
  Layout in_layout = Layout::kPlain, out_layout = Layout::kPlain;
  Epilogue epilogue;
  // What is written is the largest of each 2×2 of the output, whose extents above are even, with
  // no residual and none or ReLU as activation. Of direct_few_in only.
  bool max_pool = false;
};

// Pointers of one run. The batch strides (in floats) let an operand be a channel slice of a larger
// tensor, so that concatenation costs nothing. residual has the output's layout.
struct ConvArgs {
  const float* input = nullptr;
  int64_t input_batch_stride = 0;
  const void* packed = nullptr;
  const float* residual = nullptr;
  int64_t residual_batch_stride = 0;
  float* output = nullptr;
  int64_t output_batch_stride = 0;
  void* scratch = nullptr;  // scratch_bytes(problem, pool.size()), 64-byte aligned
};

// One way to compute it. The registry (kernels/registry.h) is the only list: production, tests
// and benchmarks read it. Weights and bias are packed together once, at load.
struct ConvKernel {
  const char* name;  // "winograd_f4", "direct_blocked", …
  // Why it cannot do the problem; empty where it can. May depend on the CPU (src/base/cpu.h).
  std::string (*reject)(const ConvProblem& problem);
  // Estimated milliseconds on this CPU; only the order of the candidates matters.
  double (*cost)(const ConvProblem& problem, int threads);
  size_t (*packed_bytes)(const ConvProblem& problem);
  // weights [out_channels][in_channels / groups][kernel_h][kernel_w]; bias [out_channels] or null.
  // The result depends on neither the batch nor the extents of the images: plans share it.
  void (*pack)(const ConvProblem& problem, const float* weights, const float* bias, void* packed);
  size_t (*scratch_bytes)(const ConvProblem& problem, int threads);
  void (*run)(const ConvProblem& problem, const ConvArgs& args, ThreadPool& pool);
  // Whether args.output may be args.residual where the activation is none, ReLU or a clip: each
  // element is read before it is written and never again.
  bool residual_in_place = false;
};

}  // namespace peel::engine

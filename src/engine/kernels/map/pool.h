#pragma once

#include <string>

#include "src/base/thread_pool.h"
#include "src/engine/kernels/layout.h"
#include "src/engine/kernels/shape4.h"

namespace peel::engine {

enum class PoolKind : uint8_t {
  kMax,
  kAverage,            // divides by the pixels inside the image
  kAverageIncludePad,  // divides by the pixels inside the image and its padding
};

// MaxPool and AveragePool of ONNX. Windows may reach past the padded image (ceil mode): what lies
// outside is left out, and counts in no divisor. out_height and out_width decide the windows.
struct PoolProblem {
  PoolKind kind = PoolKind::kMax;
  Layout layout = Layout::kBlocked;
  Shape4 in;
  int out_height = 1, out_width = 1;
  int kernel_h = 1, kernel_w = 1, stride_h = 1, stride_w = 1, dilation_h = 1, dilation_w = 1;
  int pad_top = 0, pad_left = 0, pad_bottom = 0, pad_right = 0;
};

// Why RunPool cannot do it; empty where it can. A window with no pixel of the image is rejected.
std::string RejectPool(const PoolProblem& problem);
void RunPool(const PoolProblem& problem, ConstSlice input, Slice output, ThreadPool& pool);

// GlobalMaxPool, GlobalAveragePool and ReduceMean over both spatial axes: output [n][c][1][1] in
// the same layout. Sums are formed by rows in a fixed order.
void RunGlobalPool(PoolKind kind, Layout layout, const Shape4& in, ConstSlice input, Slice output,
                   ThreadPool& pool);

}  // namespace peel::engine

#pragma once

#include <cstddef>

#include "src/base/thread_pool.h"
#include "src/engine/kernels/layout.h"
#include "src/engine/kernels/shape4.h"

namespace peel::engine {

// y = clamp((x - mean[c]) * factor[c] + shift[c]): batch normalisation at inference, and instance
// normalisation for the channels [own_begin, own_end), whose mean and variance are those of their
// own image. Statistics gather in pieces of a fixed size, exact to about a float's last bits, and
// are joined in double, so that the bits do not depend on the number of threads.
struct ChannelNormProblem {
  Layout layout = Layout::kBlocked;
  Shape4 shape;
  int64_t own_begin = 0, own_end = 0;
  double epsilon = 1e-5;  // added to a channel's own variance
  float lo = 0, hi = 0;   // what results are clamped to; infinite where they are not
};

size_t ChannelNormScratchBytes(const ChannelNormProblem& problem);
// scale and shift: one number a channel. Of channels without statistics of their own scale is the
// factor and the mean 0. output may be input. scratch: 64-byte aligned.
void RunChannelNorm(const ChannelNormProblem& problem, const float* scale, const float* shift,
                    ConstSlice input, Slice output, void* scratch, ThreadPool& pool);

}  // namespace peel::engine

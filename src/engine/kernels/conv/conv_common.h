#pragma once

#include <cstdint>
#include <string>

#include "src/base/thread_pool.h"
#include "src/engine/kernels/conv/conv.h"
#include "src/engine/kernels/cost.h"
#include "src/engine/kernels/shape4.h"

namespace peel::engine {

// What the convolution kernels share beside their inner loops.

inline Shape4 InputShape(const ConvProblem& p) {
  return {p.batch, p.in_channels, p.in_height, p.in_width};
}
inline Shape4 OutputShape(const ConvProblem& p) {
  return {p.batch, p.out_channels, p.out_height, p.out_width};
}
inline double MultiplyAdds(const ConvProblem& p) {
  return 1.0 * p.batch * p.out_channels * p.out_height * p.out_width * (p.in_channels / p.groups) *
         p.kernel_h * p.kernel_w;
}

// What ClampOf left undone, over the whole output: other activations, the zeros of the channels
// past the last where the activation of zero is not zero, and a residual that comes after the
// activation unless the kernel has added it already (which it can only where IsClamp).
void FinishEpilogue(const ConvProblem& problem, const ConvArgs& args, ThreadPool& pool,
                    bool residual_added = false);

// Rejections that several kernels share; empty where the problem passes.
std::string RejectUnlessLayouts(const ConvProblem& problem, Layout in, Layout out);

extern const ConvKernel kWinogradF6, kWinogradF4, kWinogradF2, kDirectBlocked, kDirectFewIn,
    kDirectFewOut, kDirectPlain, kDepthwise, kConvReference;

}  // namespace peel::engine

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
  const int channels = p.in_channels / p.groups;
  return 1.0 * p.batch * p.out_channels * p.out_height * p.out_width * channels * p.kernel_h *
         p.kernel_w;
}

// What ClampOf left undone, over the whole output: other activations, the zeros of the channels
// past the last where the activation of zero is not zero, and a residual that comes after the
// activation unless the kernel has added it already (which it can only where IsClamp).
void FinishEpilogue(const ConvProblem& problem, const ConvArgs& args, ThreadPool& pool,
                    bool residual_added = false);

// One value of a plain output: `sum`, the residual of its place unless that is null, and the clamp.
// NaN stays NaN.
inline float FinishValue(float sum, const float* residual, int64_t place, const Clamp& clamp) {
  if (residual != nullptr) sum += residual[place];
  sum = sum < clamp.lo ? clamp.lo : sum;
  return sum > clamp.hi ? clamp.hi : sum;
}

// Packed weights of the kernels that read them as they come: [out][in / groups][height][width],
// then one bias an output channel.
int64_t WeightCount(const ConvProblem& problem);
size_t PlainPackedBytes(const ConvProblem& problem);
void PackPlain(const ConvProblem& problem, const float* weights, const float* bias, void* packed);

// Rejections that several kernels share; empty where the problem passes.
std::string RejectUnlessLayouts(const ConvProblem& problem, Layout in, Layout out);
// Groups must end where blocks of 16 channels do.
std::string RejectUnlessWholeBlocks(const ConvProblem& problem);
// Blocked in and out, in whole blocks.
std::string RejectUnlessBlocked(const ConvProblem& problem);

extern const ConvKernel kWinogradF6, kWinogradF4, kWinogradF2, kDirectBlocked, kDirectFewIn,
    kDirectFewOut, kDirectPlain, kDepthwise, kConvReference;

}  // namespace peel::engine

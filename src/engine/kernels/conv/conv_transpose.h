#pragma once

#include <cstddef>
#include <string>

#include "src/base/thread_pool.h"
#include "src/engine/kernels/conv/conv.h"

namespace peel::engine {

// Transposed convolution on the blocked layout: every input pixel adds its kernel-sized patch to
// the output at stride times its position minus the padding. Problem and arguments are conv.h's
// with in_* and out_* the transposed convolution's own input and output; dilation and padding are
// the node's. It is split into stride_h * stride_w ordinary convolutions, one for each phase of the
// output, so no output element is added to twice.
std::string RejectConvTranspose(const ConvProblem& problem);
size_t ConvTransposePackedBytes(const ConvProblem& problem);
// weights [in_channels][out_channels / groups][kernel_h][kernel_w]; bias [out_channels] or null.
void PackConvTranspose(const ConvProblem& problem, const float* weights, const float* bias,
                       void* packed);
size_t ConvTransposeScratchBytes(const ConvProblem& problem, int threads);
void RunConvTranspose(const ConvProblem& problem, const ConvArgs& args, ThreadPool& pool);

}  // namespace peel::engine

#pragma once

#include <span>

#include "src/engine/kernels/conv/conv.h"

namespace peel::engine {

// Convolutions that round their operands to bfloat16, for the nodes that may; all of them reject on
// a CPU that has no instruction for it.
std::span<const ConvKernel> Bf16ConvKernels();

}  // namespace peel::engine

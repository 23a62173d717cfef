#pragma once

#include <span>

#include "src/engine/kernels/bytes/qconv.h"
#include "src/engine/kernels/conv/conv.h"

namespace peel::engine {

// Ordered candidates; the last is the plain reference, which takes every problem.
std::span<const ConvKernel> ConvKernels();

// Ordered candidates. What none of them takes is left to the reference operator.
std::span<const QConvKernel> QConvKernels();

}  // namespace peel::engine

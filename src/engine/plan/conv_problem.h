#pragma once

#include <string>

#include "src/engine/kernels/conv/conv.h"
#include "src/engine/plan/variants.h"

namespace peel::engine {

// Extents, window and groups of a convolution of any element type: input 0 and output 0 are images,
// input 1 its weights. Empty, or why no kernel takes it; layouts and epilogue are left alone.
std::string ReadConvGeometry(const NodeView& view, ConvProblem* problem);

}  // namespace peel::engine

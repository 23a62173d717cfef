#pragma once

#include "src/base/status.h"
#include "src/engine/graph/schema.h"

namespace peel::engine::schemas {

// Shape of a convolution of operand x with the weights that are operand w, whatever their types.
Result<Shape> ConvShape(const InferContext& ctx, int x, int w);

}  // namespace peel::engine::schemas

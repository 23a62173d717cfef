#pragma once

#include "src/base/status.h"
#include "src/engine/graph/tensor.h"

namespace peel::engine::schemas {

// Numpy's matmul.
Result<Shape> MatMulShape(const Shape& a, const Shape& b);

}  // namespace peel::engine::schemas

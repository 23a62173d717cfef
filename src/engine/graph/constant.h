#pragma once

#include "src/base/status.h"
#include "src/engine/graph/graph.h"

namespace peel::engine {

// The value of a Constant node. kUnsupported for strings, kCorrupt where it has none.
Result<Tensor> ConstantOf(const Node& node);

}  // namespace peel::engine

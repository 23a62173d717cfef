#pragma once

#include "src/engine/graph/graph.h"

namespace peel::engine {

// Fills in the element type of every value that nodes compute, which needs no shapes. False where
// an operator is unknown; what depends on it stays kUndefined.
bool InferTypes(Graph& graph);

}  // namespace peel::engine

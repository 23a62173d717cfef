#pragma once

#include "src/engine/graph/graph.h"

namespace peel::engine {

// Puts every node behind those that compute what it reads, moving none without need. Cycles are
// left for Verify to find.
void SortNodes(Graph& graph);

}  // namespace peel::engine

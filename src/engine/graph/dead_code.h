#pragma once

#include "src/engine/graph/graph.h"

namespace peel::engine {

// Drops nodes whose results no output needs, releases constants that nothing reads, and leaves out
// optional outputs (BatchNormalization's statistics, Dropout's mask) that nothing reads. Values
// keep their ids. Returns the number of nodes dropped and outputs left out.
int RemoveDeadCode(Graph& graph);

}  // namespace peel::engine

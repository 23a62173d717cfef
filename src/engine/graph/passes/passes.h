#pragma once

#include "src/base/status.h"
#include "src/engine/graph/graph.h"
#include "src/engine/graph/pass.h"

// The rewrites, one a file. Each describes the pattern that it takes and what it leaves behind.
namespace peel::engine::passes {

Result<int> RemoveDeadNodes(Graph& graph, const PassContext& context);

}  // namespace peel::engine::passes

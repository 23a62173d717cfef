#include "src/engine/graph/dead_code.h"
#include "src/engine/graph/passes/passes.h"

namespace peel::engine::passes {

Result<int> RemoveDeadNodes(Graph& graph, const PassContext&) { return RemoveDeadCode(graph); }

}  // namespace peel::engine::passes

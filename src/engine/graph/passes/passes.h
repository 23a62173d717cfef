#pragma once

#include "src/base/status.h"
#include "src/engine/graph/graph.h"
#include "src/engine/graph/pass.h"

namespace peel::engine::passes {

// The rewrites, one a file, which describes there the pattern that it matches and the result. Each
// returns the number of places that it changed and leaves what becomes unused to RemoveDeadNodes.
Result<int> RemoveDeadNodes(Graph& graph, const PassContext& context);
Result<int> FoldConstants(Graph& graph, const PassContext& context);
Result<int> WidenHalf(Graph& graph, const PassContext& context);
Result<int> RemoveIdentity(Graph& graph, const PassContext& context);
Result<int> MergeDuplicates(Graph& graph, const PassContext& context);
Result<int> MergeTransposes(Graph& graph, const PassContext& context);
Result<int> ResizeForUpsample(Graph& graph, const PassContext& context);
Result<int> UnsignedBytes(Graph& graph, const PassContext& context);
Result<int> IntegerConv(Graph& graph, const PassContext& context);
Result<int> IntegerOps(Graph& graph, const PassContext& context);
Result<int> ClampTables(Graph& graph, const PassContext& context);
Result<int> FoldBatchNorm(Graph& graph, const PassContext& context);
Result<int> FoldAffine(Graph& graph, const PassContext& context);
Result<int> FuseChannelNorm(Graph& graph, const PassContext& context);
Result<int> FusePad(Graph& graph, const PassContext& context);
Result<int> FuseGelu(Graph& graph, const PassContext& context);
Result<int> FuseHardSwish(Graph& graph, const PassContext& context);
Result<int> FuseSwish(Graph& graph, const PassContext& context);
Result<int> FuseResidual(Graph& graph, const PassContext& context);
Result<int> FuseActivation(Graph& graph, const PassContext& context);
Result<int> FuseMaxPool(Graph& graph, const PassContext& context);

}  // namespace peel::engine::passes

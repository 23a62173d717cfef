#pragma once

#include "src/engine/graph/graph.h"
#include "src/engine/kernels/conv/conv.h"

namespace peel::engine {

// The activation that a fused node (peel.Conv) carries in its attributes `activation`,
// `activation_alpha` and `activation_beta`; none without them. False where it is unknown.
bool ReadActivation(const Node& node, Epilogue* epilogue);

// The same for a node that is an activation itself (Relu, Clip, HardSwish, …), as its operator set
// defines its parameters. False where the node is no activation, or one whose parameters are not
// constant.
bool ActivationOf(const Graph& graph, const Node& node, Epilogue* epilogue);

}  // namespace peel::engine

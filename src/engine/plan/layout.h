#pragma once

#include <span>
#include <vector>

#include "src/engine/plan/variants.h"

namespace peel::engine {

// Picks a variant for every node so that the estimated time of the kernels and of the changes of
// layout between them is small, and returns the layout in which each value is produced.
// live lists the nodes that run, in order; choices is indexed by node. Inputs and constants are
// plain, and so must be the values in `outputs`.
std::vector<Layout> AssignLayouts(const Graph& graph, std::span<const NodeId> live,
                                  std::span<const ValueId> outputs, std::vector<Choices>& choices);

// Estimated milliseconds of copying a value between the layouts.
double ReorderCost(const Value& value);

}  // namespace peel::engine

#pragma once

#include <map>
#include <string>
#include <vector>

#include "src/base/function_ref.h"
#include "src/engine/graph/graph.h"

namespace peel::engine {

// Computes one node from constants; outputs are allocated with their inferred types and shapes.
// The graph folds constants through this, so that it need not know the kernels.
using Evaluator = FunctionRef<Status(const Node& node, std::span<const Tensor* const> inputs,
                                     std::span<Tensor> outputs)>;

// One concrete use of a graph.
struct Binding {
  std::map<std::string, Shape, std::less<>> shapes;   // of every graph input
  std::map<std::string, Tensor, std::less<>> values;  // of inputs that decide shapes (see below)
};

// Names of the graph inputs whose *values* shapes depend on (a Reshape's shape that is fed from
// outside, a Resize's scales): a plan holds for one set of their values. Inferred from the
// operators between the input and the use.
std::vector<std::string> ShapeDecidingInputs(const Graph& graph);

// Infers every shape in order and folds whatever is constant on the way (Shape, Gather, Concat
// chains become numbers), dropping nodes that nothing needs any more. Afterwards every value that a
// node touches has a type and a shape. Errors name node and input.
Status Specialise(Graph& graph, const Binding& binding, Evaluator evaluate);

}  // namespace peel::engine

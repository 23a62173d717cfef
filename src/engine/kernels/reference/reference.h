#pragma once

#include <span>
#include <string>
#include <vector>

#include "src/engine/graph/graph.h"

namespace peel::engine {

// The plain implementation of an operator: correct for every type it claims, no SIMD, the oracle of
// the fast kernels and what runs where none of them applies. Inputs are null where left out;
// outputs have their inferred type and shape and are written in full; an output may not overlap an
// input.
struct OpArgs {
  const Node& node;
  std::span<const Tensor* const> inputs;
  std::span<Tensor> outputs;
};
using ReferenceOp = Status (*)(const OpArgs& args);

// A row of the tables at the end of this folder's files: runs op_type of the operator set `domain`
// from this version on, until a row with a later one.
struct ReferenceEntry {
  const char* domain;
  const char* op_type;
  int since_version;
  ReferenceOp run;
};

// Null where there is none for the node's operator and opset.
ReferenceOp FindReference(const Node& node);
std::span<const ReferenceEntry> AllReferences();

// FindReference and run, with an error that names operator and node where there is none.
Status RunReference(const Node& node, std::span<const Tensor* const> inputs,
                    std::span<Tensor> outputs);

// RunReference as the graph's Evaluator, which borrows an object.
inline constexpr auto kReferenceEvaluator =
    [](const Node& node, std::span<const Tensor* const> inputs, std::span<Tensor> outputs) {
      return RunReference(node, inputs, outputs);
    };

}  // namespace peel::engine

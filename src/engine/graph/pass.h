#pragma once

#include <span>
#include <string>
#include <vector>

#include "src/engine/graph/specialise.h"

namespace peel::engine {

// What a pass may use besides the graph.
struct PassContext {
  const Evaluator* evaluate = nullptr;  // null: passes fold only what needs no kernel
};

// One rewrite of the graph, one file each under src/engine/graph/passes/. Works with or without
// shapes; returns how many places it changed.
struct Pass {
  const char* name;  // "fold_batch_norm"
  Result<int> (*run)(Graph& graph, const PassContext& context);
};

// All passes in the order in which they run.
std::span<const Pass> AllPasses();

// What one pass did.
struct PassReport {
  std::string name;
  int changes = 0;
  double milliseconds = 0;
  bool disabled = false;
};

// Runs them before shapes are known, and again after Specialise for what needs shapes (residuals);
// verifying the graph after each; disabled names, and those in the environment variable
// PEEL_PASSES_OFF (comma-separated, "all" for all), are left out. kInvalidArgument for a name in
// disabled that no pass has; kUnsupported or kCorrupt, naming the node, for an unknown operator or
// a wrong number of operands; kInternal, naming the pass, where one leaves a broken graph.
Result<std::vector<PassReport>> RunPasses(Graph& graph, std::span<const std::string> disabled,
                                          const PassContext& context = {});

}  // namespace peel::engine

#pragma once

#include <span>
#include <string>
#include <vector>

#include "src/engine/graph/specialise.h"

namespace peel::engine {

// One rewrite of the graph, one file each under src/engine/graph/passes/. Works with or without
// shapes; returns how many places it changed.
struct Pass {
  const char* name;  // "fold_batch_norm"
  Result<int> (*run)(Graph& graph);
};

// All passes in the order in which they run.
std::span<const Pass> AllPasses();

struct PassReport {
  std::string name;
  int changes = 0;
  double milliseconds = 0;
  bool disabled = false;
};

// Runs them, verifying the graph after each; disabled names, and those in the environment variable
// PEEL_PASSES_OFF (comma-separated, "all" for all), are left out.
Result<std::vector<PassReport>> RunPasses(Graph& graph, std::span<const std::string> disabled);

}  // namespace peel::engine

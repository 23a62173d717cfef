#pragma once

#include <cstddef>
#include <string>

#include "apps/peel/console.h"
#include "apps/peel/cut/cut_run.h"
#include "src/base/status.h"
#include "src/pipeline/cut/cutter.h"
#include "src/pipeline/folder/batch.h"
#include "src/pipeline/folder/inputs.h"
#include "src/pipeline/folder/outputs.h"

namespace peel {

// The options of the library from those of the command line.
struct Plan {
  ModelOptions model;
  BatchOptions batch;
  OutputOptions output;
  Shard shard;
  std::string pdf;  // what all results go into; "": files
  Console::Progress progress = Console::Progress::kAuto;
};

// kInvalidArgument and the like name the option.
Result<Plan> MakePlan(const CutArguments& arguments);

// Which model and how it is to run, of them. `jobs` is left to whoever knows how many there are.
Result<ModelOptions> PlanModel(const CutArguments& arguments);
// --memory without what the program and its model take; at least 1.
Result<uint64_t> PlanMemory(const CutArguments& arguments);

// One picture a processor keeps all of them busy with the least waiting; what --jobs says wins.
int JobsFor(const CutArguments& arguments, size_t pictures);

}  // namespace peel

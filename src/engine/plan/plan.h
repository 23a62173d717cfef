#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "src/engine/plan/precision.h"
#include "src/engine/plan/program.h"
#include "src/engine/plan/timings.h"
#include "src/engine/plan/weights.h"

namespace peel::engine {

// One step as it is reported.
struct StepInfo {
  std::string node, op_type, kernel, detail;
  int64_t multiply_adds = 0;
};

// How one graph runs for one set of input shapes and fetched outputs: steps, memory, packed
// weights. Immutable; any number of instances (instance.h) may run it at the same time.
class Plan {
 public:
  struct Step {
    size_t operation;
    RunFunction run;
    StepInfo info;
    bool bind_tensors = false;
    bool packed = false;  // reads its operand 1, the weights, in packed form only
  };

  struct Options {
    uint64_t max_memory = 0;  // kOutOfMemory where more is needed; 0: no limit
    std::span<const std::string> disabled_kernels;
    const Precisions* precisions = nullptr;  // null: float32 throughout
    Timings* timings = nullptr;  // what is known of kernels on this machine; null: estimates alone
    Timings::Mode tune = Timings::Mode::kOff;
  };
  // graph is specialised (every type and shape known); fetches are values of it. Plans only what
  // they need, for runs on this pool, which also packs the weights.
  static Result<std::shared_ptr<const Plan>> Build(std::shared_ptr<const Graph> graph,
                                                   std::span<const ValueId> fetches,
                                                   const Options& options, ThreadPool& pool,
                                                   WeightStore& weights);

  const Program& program() const { return program_; }
  const std::vector<Step>& steps() const { return steps_; }
  size_t scratch_bytes() const { return scratch_bytes_; }
  uint64_t weight_bytes() const { return weight_bytes_; }
  // Every step with its shapes, its kernel, its estimate and why each other kernel was not taken.
  std::string Text() const;

 private:
  Status ChooseVariants(const std::vector<NodeId>& live, const Options& options, ThreadPool& pool);
  Status Lower(std::span<const ValueId> fetches, const Options& options, ThreadPool& pool);
  Status Emit(int threads, WeightBatch& weights);
  Operand MakeOperand(int tensor) const;
  StepInfo Describe(const Operation& op) const;

  Program program_;
  std::vector<Choices> choices_;  // by node
  std::vector<Step> steps_;
  std::vector<WeightStore::Packed> packed_;
  size_t scratch_bytes_ = 0;
  uint64_t weight_bytes_ = 0;
};

// Multiplications of a convolution, transposed convolution or matrix product; 0 for others.
int64_t MultiplyAdds(const Graph& graph, const Node& node);

}  // namespace peel::engine

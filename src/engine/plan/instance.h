#pragma once

#include <memory>
#include <span>
#include <vector>

#include "src/base/aligned_buffer.h"
#include "src/engine/plan/plan.h"

namespace peel::engine {

// The memory of one run of a plan. Not for two threads at a time. Nothing is allocated while it
// runs, but for the copies of the outputs and what reference operators make for themselves.
class Instance {
 public:
  static Result<std::unique_ptr<Instance>> Create(std::shared_ptr<const Plan> plan);

  const Plan& plan() const { return *plan_; }
  // inputs: one per input of the plan's graph, in its order, of the planned types and shapes.
  // milliseconds: null, or one slot per step, filled.
  Result<std::vector<Tensor>> Run(std::span<const Tensor* const> inputs, ThreadPool& pool,
                                  std::vector<double>* milliseconds);

 private:
  explicit Instance(std::shared_ptr<const Plan> plan) : plan_(std::move(plan)) {}
  Status BindTensors();
  Result<Tensor> ViewOf(int tensor);

  std::shared_ptr<const Plan> plan_;
  AlignedBuffer arena_, scratch_;
  std::vector<uint8_t*> base_;
  std::vector<const void*> fed_;  // what base_ holds for each input
  std::vector<RunEnv::Bound> bound_;
};

}  // namespace peel::engine

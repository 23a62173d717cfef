#include "src/engine/plan/instance.h"

#include <chrono>
#include <cstring>

namespace peel::engine {

using Kind = PlannedTensor::Kind;

Result<std::unique_ptr<Instance>> Instance::Create(std::shared_ptr<const Plan> plan) {
  std::unique_ptr<Instance> instance(new Instance(std::move(plan)));
  const Program& program = instance->plan_->program();
  PEEL_ASSIGN_OR_RETURN(instance->arena_, AlignedBuffer::Allocate(program.arena_bytes));
  PEEL_ASSIGN_OR_RETURN(instance->scratch_,
                        AlignedBuffer::Allocate(instance->plan_->scratch_bytes()));
  // Constants that are only packed stay where they are, which may be misaligned in the file.
  std::vector<char> read(program.tensors.size(), 0);
  for (const Plan::Step& step : instance->plan_->steps()) {
    const std::vector<int>& in = program.operations[step.operation].in;
    for (size_t i = 0; i < in.size(); ++i) {
      if (in[i] >= 0 && !(step.packed && i == 1)) read[static_cast<size_t>(in[i])] = 1;
    }
  }
  for (const int t : program.outputs) read[static_cast<size_t>(t)] = 1;
  instance->base_.assign(program.storages.size(), nullptr);
  for (size_t s = 0; s < program.storages.size(); ++s) {
    const Storage& storage = program.storages[s];
    if (storage.kind == Kind::kArena) {
      instance->base_[s] = instance->arena_.data() + storage.offset;
    } else if (storage.kind == Kind::kConstant && read[static_cast<size_t>(storage.tensor)]) {
      const PlannedTensor& tensor = program.tensors[static_cast<size_t>(storage.tensor)];
      // Constants are read only; operands share one pointer type with what is written.
      instance->base_[s] = const_cast<uint8_t*>(
          static_cast<const uint8_t*>(program.graph->value(tensor.value).constant.raw()));
    }
  }
  instance->fed_.assign(program.graph->inputs.size(), nullptr);
  instance->bound_.resize(program.operations.size());
  return instance;
}

Result<Tensor> Instance::ViewOf(int t) {
  const PlannedTensor& tensor = plan_->program().tensors[static_cast<size_t>(t)];
  return Tensor::View(tensor.type, tensor.shape,
                      base_[static_cast<size_t>(tensor.storage)] + tensor.offset);
}

// Makes the tensors of the reference operators anew after inputs moved.
Status Instance::BindTensors() {
  const Program& program = plan_->program();
  for (const Plan::Step& step : plan_->steps()) {
    if (!step.bind_tensors) continue;
    const Operation& op = program.operations[step.operation];
    RunEnv::Bound& bound = bound_[step.operation];
    bound.in.assign(op.in.size(), Tensor());
    bound.out.assign(op.out.size(), Tensor());
    bound.in_pointers.assign(op.in.size(), nullptr);
    for (size_t i = 0; i < op.in.size(); ++i) {
      if (op.in[i] < 0) continue;
      PEEL_ASSIGN_OR_RETURN(bound.in[i], ViewOf(op.in[i]));
      bound.in_pointers[i] = &bound.in[i];
    }
    for (size_t i = 0; i < op.out.size(); ++i) {
      if (op.out[i] < 0) continue;
      PEEL_ASSIGN_OR_RETURN(bound.out[i], ViewOf(op.out[i]));
    }
  }
  return OkStatus();
}

Result<std::vector<Tensor>> Instance::Run(std::span<const Tensor* const> inputs, ThreadPool& pool,
                                          std::vector<double>* milliseconds) {
  using Clock = std::chrono::steady_clock;
  const Program& program = plan_->program();
  bool moved = false;
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i]->raw() == fed_[i] && fed_[i] != nullptr) continue;
    fed_[i] = inputs[i]->raw();
    moved = true;
  }
  if (moved || inputs.empty()) {
    for (size_t s = 0; s < program.storages.size(); ++s) {
      if (program.storages[s].kind != Kind::kInput) continue;
      const int tensor = program.storages[s].tensor;
      const int input = program.tensors[static_cast<size_t>(tensor)].input;
      base_[s] = const_cast<uint8_t*>(
          static_cast<const uint8_t*>(inputs[static_cast<size_t>(input)]->raw()));
    }
    PEEL_RETURN_IF_ERROR(BindTensors());
  }
  RunEnv env;
  env.base = &base_;
  env.scratch = scratch_.data();
  env.pool = &pool;
  env.bound = &bound_;
  const auto& steps = plan_->steps();
  if (milliseconds) milliseconds->assign(steps.size(), 0);
  for (size_t i = 0; i < steps.size(); ++i) {
    const auto start = milliseconds ? Clock::now() : Clock::time_point();
    if (Status status = steps[i].run(env); !status.ok()) {
      return std::move(status).WithContext(steps[i].info.op_type + " '" + steps[i].info.node + "'");
    }
    if (milliseconds) {
      (*milliseconds)[i] = std::chrono::duration<double, std::milli>(Clock::now() - start).count();
    }
  }
  std::vector<Tensor> results;
  for (const int t : program.outputs) {
    const PlannedTensor& tensor = program.tensors[static_cast<size_t>(t)];
    PEEL_ASSIGN_OR_RETURN(Tensor copy, Tensor::Allocate(tensor.type, tensor.shape));
    if (copy.bytes() > 0) {
      std::memcpy(copy.raw(), base_[static_cast<size_t>(tensor.storage)] + tensor.offset,
                  copy.bytes());
    }
    results.push_back(std::move(copy));
  }
  return results;
}

}  // namespace peel::engine

#include <memory>

#include "src/engine/native_session.h"

namespace peel::engine {
namespace {

class NativeContext : public Context {
 public:
  explicit NativeContext(const NativeSession& session) : session_(session) {}

  Result<std::vector<Tensor>> Run(std::span<const NamedTensor> feeds,
                                  std::span<const std::string> fetches) override {
    PEEL_RETURN_IF_ERROR(Prepare(feeds, fetches));
    auto results = instance_->Run(inputs_, session_.pool(), profile_ ? &times_ : nullptr);
    profiled_ = profile_ && results.ok();
    if (!results.ok()) return std::move(results).status().WithContext(session_.graph().source);
    return results;
  }

  Status Prepare(std::span<const NamedTensor> feeds,
                 std::span<const std::string> fetches) override {
    PEEL_RETURN_IF_ERROR(session_.Bind(feeds, &inputs_));
    PEEL_ASSIGN_OR_RETURN(key_.fetches, session_.Fetches(fetches));
    key_.shapes.resize(inputs_.size());
    for (size_t i = 0; i < inputs_.size(); ++i) key_.shapes[i] = inputs_[i]->shape();
    key_.values.clear();
    for (const int i : session_.deciding()) {
      key_.values.push_back(*inputs_[static_cast<size_t>(i)]);
    }
    PEEL_ASSIGN_OR_RETURN(auto plan, session_.PlanFor(key_));
    if (!instance_ || &instance_->plan() != plan.get()) {
      instance_.reset();  // before the next one's memory is taken
      auto instance = Instance::Create(std::move(plan));
      if (!instance.ok()) {
        return std::move(instance).status().WithContext(session_.graph().source);
      }
      instance_ = *std::move(instance);
    }
    return OkStatus();
  }

  void EnableProfile(bool on) override { profile_ = on; }

  std::vector<StepProfile> LastProfile() const override {
    std::vector<StepProfile> profile;
    if (!profiled_) return profile;
    const auto& steps = instance_->plan().steps();
    for (size_t i = 0; i < steps.size(); ++i) {
      const StepInfo& info = steps[i].info;
      profile.push_back(
          {info.node, info.op_type, info.kernel, info.detail, times_[i], info.multiply_adds});
    }
    return profile;
  }

  MemoryReport Memory() const override {
    if (!instance_) return {};
    const Plan& plan = instance_->plan();
    return {plan.program().arena_bytes, plan.weight_bytes(), plan.scratch_bytes()};
  }

 private:
  const NativeSession& session_;
  NativeSession::PlanKey key_;
  std::vector<const Tensor*> inputs_;
  std::unique_ptr<Instance> instance_;
  std::vector<double> times_;
  bool profile_ = false, profiled_ = false;
};

}  // namespace

std::unique_ptr<Context> NativeSession::NewContext() const {
  return std::make_unique<NativeContext>(*this);
}

}  // namespace peel::engine

#include <algorithm>
#include <memory>
#include <string_view>

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
      try {
        auto instance = Instance::Create(std::move(plan));
        if (!instance.ok()) {
          return std::move(instance).status().WithContext(session_.graph().source);
        }
        instance_ = *std::move(instance);
      } catch (const TensorReadError& error) {  // of a constant that no plan has packed
        return IoError(error.what()).WithContext(session_.graph().source);
      }
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

  NumberReport Numbers() const override {
    NumberReport report;
    ForEachProduct([&](const Node&, Arithmetic numbers) {
      report.fp32 += numbers == Arithmetic::kFloat;
      report.bf16 += numbers == Arithmetic::kBfloat;
      report.int8 += numbers == Arithmetic::kInteger;
    });
    return report;
  }

  std::vector<std::string> Bfloat16Nodes() const override {
    std::vector<std::string> names;
    ForEachProduct([&](const Node& node, Arithmetic numbers) {
      if (numbers == Arithmetic::kBfloat) names.push_back(node.name);
    });
    return names;
  }

  MemoryReport Memory() const override {
    if (!instance_) return {};
    const Plan& plan = instance_->plan();
    return {plan.program().arena_bytes, plan.weight_bytes(), plan.scratch_bytes()};
  }

 private:
  enum class Arithmetic { kFloat, kBfloat, kInteger };

  // Convolutions and matrix products of the plan at hand, with what they compute with: integers by
  // operator, bfloat16 by the kernel's name.
  template <typename Visit>
  void ForEachProduct(Visit visit) const {
    constexpr std::string_view kFloats[] = {"Conv", "ConvTranspose", "Gemm", "MatMul"};
    constexpr std::string_view kIntegers[] = {"QConv", "QLinearConv", "ConvInteger",
                                              "QLinearMatMul", "MatMulInteger"};
    if (!instance_) return;
    const Program& program = instance_->plan().program();
    for (const Operation& op : program.operations) {
      if (op.node == kNone || op.eliminated) continue;
      const Node& node = program.graph->nodes[static_cast<size_t>(op.node)];
      if (std::ranges::find(kIntegers, node.op_type) != std::end(kIntegers)) {
        visit(node, Arithmetic::kInteger);
      } else if (std::ranges::find(kFloats, node.op_type) != std::end(kFloats)) {
        const bool narrow = op.variant.kernel.find("bf16") != std::string::npos;
        visit(node, narrow ? Arithmetic::kBfloat : Arithmetic::kFloat);
      }
    }
  }

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

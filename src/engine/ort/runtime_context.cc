// One thread's way to run an ONNX Runtime session: through its I/O binding, kept from run to run.
// On a GPU an input goes straight into the device's memory, all that lies between stays there, and
// only the outputs asked for come back, into page-locked memory where the device has it.
#include <utility>

#include "src/engine/ort/runtime_session.h"

namespace peel::engine::ort {
namespace {

class RuntimeContext : public Context {
 public:
  explicit RuntimeContext(const RuntimeSession& session)
      : session_(session), binding_(session.library().api().ReleaseIoBinding) {}

  Result<std::vector<Tensor>> Run(std::span<const NamedTensor> feeds,
                                  std::span<const std::string> fetches) override {
    PEEL_RETURN_IF_ERROR(session_.Check(feeds));
    PEEL_RETURN_IF_ERROR(session_.CheckFetches(fetches));
    auto results = RunBound(feeds, fetches);
    if (!results.ok()) return std::move(results).status().WithContext(session_.name());
    return results;
  }

  // ONNX Runtime plans at its first run; there is nothing to be done before but to check.
  Status Prepare(std::span<const NamedTensor> feeds,
                 std::span<const std::string> fetches) override {
    PEEL_RETURN_IF_ERROR(session_.Check(feeds));
    return session_.CheckFetches(fetches);
  }
  void EnableProfile(bool) override {}
  std::vector<StepProfile> LastProfile() const override { return {}; }
  MemoryReport Memory() const override { return {}; }
  NumberReport Numbers() const override { return session_.numbers(); }

 private:
  Result<std::vector<Tensor>> RunBound(std::span<const NamedTensor> feeds,
                                       std::span<const std::string> fetches) {
    const FunctionTable& api = session_.library().api();
    if (!binding_) {
      PEEL_ORT_RETURN_IF_ERROR(api, CreateIoBinding(session_.handle(), binding_.out()));
    }
    api.ClearBoundInputs(binding_.get());
    api.ClearBoundOutputs(binding_.get());
    for (const NamedTensor& feed : feeds) PEEL_RETURN_IF_ERROR(BindInput(feed));
    const OrtMemoryInfo* to = session_.pinned() != nullptr ? session_.pinned() : session_.host();
    const auto bind = [&](const std::string& name) {
      return api.ToStatus(api.BindOutputToDevice(binding_.get(), name.c_str(), to));
    };
    for (const std::string& name : fetches) PEEL_RETURN_IF_ERROR(bind(name));
    if (fetches.empty()) {
      for (const Port& port : session_.outputs()) PEEL_RETURN_IF_ERROR(bind(port.name));
    }
    PEEL_ORT_RETURN_IF_ERROR(api, SynchronizeBoundInputs(binding_.get()));
    PEEL_ORT_RETURN_IF_ERROR(api, RunWithBinding(session_.handle(), nullptr, binding_.get()));
    PEEL_ORT_RETURN_IF_ERROR(api, SynchronizeBoundOutputs(binding_.get()));
    return TakeOutputs(fetches.empty() ? session_.outputs().size() : fetches.size());
  }

  Status BindInput(const NamedTensor& feed) {
    const FunctionTable& api = session_.library().api();
    Owned<OrtValue> value(api.ReleaseValue);
    const Tensor& tensor = feed.tensor;
    // It is only read, whatever the interface says.
    PEEL_ORT_RETURN_IF_ERROR(api, CreateTensorWithDataAsOrtValue(
                                      session_.host(), const_cast<void*>(tensor.raw()),
                                      tensor.bytes(), tensor.shape().data(), tensor.shape().size(),
                                      static_cast<int>(tensor.type()), value.out()));
    return api.ToStatus(api.BindInput(binding_.get(), feed.name.c_str(), value.get()));
  }

  Result<std::vector<Tensor>> TakeOutputs(size_t expected) {
    const FunctionTable& api = session_.library().api();
    OrtValue** values = nullptr;
    size_t count = 0;
    PEEL_ORT_RETURN_IF_ERROR(
        api, GetBoundOutputValues(binding_.get(), session_.allocator(), &values, &count));
    std::vector<std::shared_ptr<OrtValue>> owned;
    owned.reserve(count);
    for (size_t i = 0; i < count; ++i) owned.emplace_back(values[i], api.ReleaseValue);
    if (values != nullptr) {
      PEEL_ORT_RETURN_IF_ERROR(api, AllocatorFree(session_.allocator(), values));
    }
    if (count != expected) {
      return Internal("ONNX Runtime gave " + std::to_string(count) + " outputs of " +
                      std::to_string(expected));
    }
    std::vector<Tensor> results;
    for (const auto& value : owned) {
      PEEL_ASSIGN_OR_RETURN(Tensor tensor, ToTensor(value));
      results.push_back(std::move(tensor));
    }
    return results;
  }

  // A view of the value, which lives as long as the tensor.
  Result<Tensor> ToTensor(const std::shared_ptr<OrtValue>& value) const {
    const FunctionTable& api = session_.library().api();
    Owned<OrtTensorInfo> info(api.ReleaseTensorTypeAndShapeInfo);
    PEEL_ORT_RETURN_IF_ERROR(api, GetTensorTypeAndShape(value.get(), info.out()));
    int type = 0;
    size_t rank = 0;
    PEEL_ORT_RETURN_IF_ERROR(api, GetTensorElementType(info.get(), &type));
    PEEL_ORT_RETURN_IF_ERROR(api, GetDimensionsCount(info.get(), &rank));
    Shape shape(rank);
    PEEL_ORT_RETURN_IF_ERROR(api, GetDimensions(info.get(), shape.data(), rank));
    void* data = nullptr;
    PEEL_ORT_RETURN_IF_ERROR(api, GetTensorMutableData(value.get(), &data));
    return Tensor::View(static_cast<DataType>(type), std::move(shape), data, value);
  }

  const RuntimeSession& session_;
  Owned<OrtBinding> binding_;
};

}  // namespace

std::unique_ptr<Context> NewRuntimeContext(const RuntimeSession& session) {
  return std::make_unique<RuntimeContext>(session);
}

}  // namespace peel::engine::ort

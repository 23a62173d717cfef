// ONNX Runtime as a backend: sessions and the proof that the device asked for is the one that runs.
#include "src/engine/backend.h"

#include <algorithm>
#include <utility>

#include "src/engine/canary.h"
#include "src/engine/onnx/reader.h"
#include "src/engine/ort/explain.h"
#include "src/engine/ort/library.h"
#include "src/engine/ort/runtime_session.h"

namespace peel::engine {
namespace {

using ort::Library;
using ort::ProfileFacts;
using ort::Refusal;
using ort::RuntimeSession;

Status Refused(const Refusal& refusal) {
  return Status(StatusCode::kDeviceRefused, refusal.Text());
}

// What a model's convolutions and matrix products compute with as its file says; nothing where the
// file cannot be read that far.
NumberReport NumbersOfFile(const ModelBytes& model) {
  NumberReport numbers;
  const auto graph = ReadOnnx(model.bytes, model.owner, model.name, model.directory, model.file);
  if (!graph.ok()) return numbers;
  const auto is_from_bytes = [&](ValueId value) {
    return std::ranges::any_of(graph->nodes, [&](const Node& node) {
      return node.op_type == "DequantizeLinear" && !node.outputs.empty() &&
             node.outputs[0] == value;
    });
  };
  for (const Node& node : graph->nodes) {
    const std::string& op = node.op_type;
    if (op == "QLinearConv" || op == "ConvInteger" || op == "QLinearMatMul" ||
        op == "MatMulInteger") {
      ++numbers.int8;
    } else if ((op == "Conv" || op == "ConvTranspose" || op == "Gemm" || op == "MatMul") &&
               node.inputs.size() > 1 && node.inputs[1] != kNone) {
      const Value& weights = graph->value(node.inputs[1]);
      const DataType type = weights.is_constant() ? weights.constant.type() : weights.type;
      numbers.fp16 += type == DataType::kFloat16;
      numbers.int8 += type != DataType::kFloat16 && is_from_bytes(node.inputs[1]);
      numbers.fp32 += type != DataType::kFloat16 && !is_from_bytes(node.inputs[1]);
    }
  }
  return numbers;
}

// The first of the lines that the library has warned with.
std::string FirstLine(const std::string& text) { return text.substr(0, text.find('\n')); }

class OnnxRuntime final : public Backend {
 public:
  OnnxRuntime(std::shared_ptr<const Library> library, RuntimeOptions options)
      : library_(std::move(library)), options_(std::move(options)) {}

  BackendKind kind() const override { return BackendKind::kOnnxRuntime; }
  std::string version() const override { return library_->version(); }
  std::vector<Device> devices() const override {
    std::vector<Device> devices = {Device::kCpu};
    for (const Device device : {Device::kCuda, Device::kTensorRt, Device::kOpenVino}) {
      if (library_->HasProvider(ProviderName(device))) devices.push_back(device);
    }
    return devices;
  }

  Result<std::unique_ptr<Session>> Load(const ModelBytes& model, const SessionOptions& options,
                                        Device device) const override {
    return device == Device::kCpu || device == Device::kAuto ? LoadCpu(model, options)
                                                             : LoadDevice(model, options, device);
  }

 private:
  Result<std::unique_ptr<RuntimeSession>> Make(const ModelBytes& model,
                                               const SessionOptions& options, Device device,
                                               bool profile) const {
    return RuntimeSession::Make(library_, model, options, device, options_, profile);
  }

  // Where the native engine can run the model as well, its result must be the same. Where it cannot
  // there is nothing to compare with, and no other device that could be in use.
  Result<std::unique_ptr<Session>> LoadCpu(const ModelBytes& model,
                                           const SessionOptions& options) const {
    const auto reference = CanaryReference(model, options.pool, nullptr);
    auto session = Make(model, options, Device::kCpu, reference.ok());
    if (!session.ok()) return std::move(session).status().WithContext(model.name);
    if (!reference.ok()) {
      (*session)->SetFacts({.numbers = NumbersOfFile(model)});
      return std::unique_ptr<Session>(*std::move(session));
    }
    PEEL_ASSIGN_OR_RETURN(const std::string wrong,
                          Prove(**session, *reference, Device::kCpu, options.precision));
    if (!wrong.empty()) {
      return Refused({"ONNX Runtime " + version() + ": " + wrong,
                      "leave the model to the native engine, or install another version"});
    }
    return std::unique_ptr<Session>(*std::move(session));
  }

  Result<std::unique_ptr<Session>> LoadDevice(const ModelBytes& model,
                                              const SessionOptions& options, Device device) const {
    if (const Refusal refusal = ort::CheckDevice(*library_, device); !refusal.empty()) {
      return Refused(refusal);
    }
    auto session = Make(model, options, device, /*profile=*/true);
    if (!session.ok()) return Refused(ort::ExplainFailure(*library_, device, session.status()));
    auto reference = CanaryReference(model, options.pool, nullptr);
    if (!reference.ok()) {
      PEEL_ASSIGN_OR_RETURN(const auto cpu, Make(model, options, Device::kCpu, false));
      reference = CanaryReference(model, options.pool, cpu.get());
      if (!reference.ok()) return reference.status();
    }
    auto wrong = Prove(**session, *reference, device, options.precision);
    if (!wrong.ok()) return Refused(ort::ExplainFailure(*library_, device, wrong.status()));
    if (!wrong->empty()) {
      return Refused({*wrong, "`peel doctor --verify` tries every device, and with which result"});
    }
    return std::unique_ptr<Session>(*std::move(session));
  }

  // One run on the canary. What is wrong with it, "" where nothing is; a status where it failed.
  Result<std::string> Prove(RuntimeSession& session, const std::vector<float>& reference,
                            Device device, Precision precision) const {
    PEEL_ASSIGN_OR_RETURN(const auto feeds, CanaryFeeds(session.inputs()));
    const std::string fetches[] = {session.outputs().front().name};
    PEEL_ASSIGN_OR_RETURN(const auto outputs, session.NewContext()->Run(feeds, fetches));
    PEEL_ASSIGN_OR_RETURN(const auto values, CanaryValues(outputs.front()));
    PEEL_ASSIGN_OR_RETURN(ProfileFacts facts, session.EndProfile());
    const std::string provider(ProviderName(device));
    const auto it = facts.nodes.find(provider);
    const int taken = it == facts.nodes.end() ? 0 : it->second;
    const int products =
        facts.numbers.fp32 + facts.numbers.fp16 + facts.numbers.bf16 + facts.numbers.int8;
    const bool idle = taken == 0 || (device == Device::kCuda && products > 0 &&
                                     2 * facts.products_on_cpu > products);
    if (idle) {
      const std::string warnings = FirstLine(Library::TakeWarnings());
      return "ONNX Runtime accepted " + provider + " and then did not use it: nodes ran on " +
             ort::NodesText(facts.nodes) + (warnings.empty() ? "" : " (" + warnings + ")");
    }
    std::string wrong = CompareCanary(reference, values, ToleranceFor(precision));
    if (!wrong.empty()) return wrong;
    // TensorRT's engines are one node each and do not tell their numbers; these are allowed.
    const bool halves =
        device == Device::kTensorRt || (device == Device::kOpenVino && options_.openvino != "CPU");
    if (halves && precision == Precision::kFp16) facts.numbers.fp16 += taken;
    if (device == Device::kTensorRt && precision == Precision::kInt8) facts.numbers.int8 += taken;
    session.SetFacts(std::move(facts));
    return std::string();
  }

  const std::shared_ptr<const Library> library_;
  const RuntimeOptions options_;
};

}  // namespace

Result<std::unique_ptr<Backend>> OnnxRuntimeBackend(const RuntimeOptions& options) {
  PEEL_ASSIGN_OR_RETURN(auto library, Library::Find(options));
  return std::unique_ptr<Backend>(std::make_unique<OnnxRuntime>(std::move(library), options));
}

}  // namespace peel::engine

#include "src/engine/backend.h"

#include <utility>

#include "src/engine/device_record.h"
#include "src/engine/ort/explain.h"

namespace peel::engine {
namespace {

constexpr char kNoBackend[] =
    "ONNX Runtime would run it: `pip install onnxruntime`, or name its library in PEEL_ORT_LIB";

std::vector<Device> Accelerators(Device device) {
  switch (device) {
    case Device::kTensorRt:
      return {Device::kTensorRt, Device::kCuda};
    case Device::kCuda:
      return {Device::kCuda};
    case Device::kOpenVino:
      return {Device::kOpenVino};
    case Device::kAuto:
    case Device::kCpu:
      break;
  }
  return {};
}

// What a run with all its fall-backs has come to.
class Placing {
 public:
  Placing(const ModelBytes& model, const SessionOptions& options, const DeviceRequest& request)
      : model_(model), options_(options), request_(request) {}

  Result<PlacedSession> Run() {
    Device wanted = request_.device;
    BackendKind backend = request_.backend;
    if (wanted == Device::kAuto && backend != BackendKind::kNative) {
      const ProvenDevice proven = FastestProven();
      if (backend == BackendKind::kAuto || proven.backend == backend) {
        wanted = proven.device;
        backend = proven.backend == BackendKind::kNative ? backend : proven.backend;
      }
    }
    several_ = Accelerators(wanted).size() > 1;
    for (const Device device : Accelerators(wanted)) {
      if (backend == BackendKind::kNative) {
        Refuse(device, "the native engine runs on the CPU alone; leave --backend to auto");
      } else if (TryDevice(device)) {
        return Finish(wanted);
      }
      if (fatal_.code() != StatusCode::kOk) return fatal_;
      if (request_.strict && request_.device != Device::kAuto) {
        return Status(StatusCode::kDeviceRefused,
                      "--device " + std::string(DeviceName(wanted)) + ": " + last_ +
                          ". Without --strict another device would be used");
      }
    }
    // Where an accelerator has failed, the CPU is the native engine's all the same.
    PEEL_RETURN_IF_ERROR(OnCpu(wanted == Device::kCpu ? backend : request_.backend));
    return Finish(wanted);
  }

 private:
  void Refuse(Device device, const std::string& why) {
    last_ = why;
    if (several_) {
      placed_.reason +=
          (placed_.reason.empty() ? "" : ". ") + std::string(DeviceName(device)) + ": " + why;
    } else {
      placed_.reason = why;
    }
  }

  bool TryDevice(Device device) {
    auto runtime = OnnxRuntimeBackend(request_.runtime);
    if (!runtime.ok()) {
      Refuse(device, ort::NoRuntime(device, runtime.status()).Text());
      return false;
    }
    auto session = (*runtime)->Load(model_, options_, device);
    if (session.ok()) {
      placed_.session = *std::move(session);
      return true;
    }
    // A model that is broken is so on every device.
    const StatusCode code = session.status().code();
    if (code == StatusCode::kCorrupt || code == StatusCode::kNotFound) fatal_ = session.status();
    Refuse(device, session.status().message());
    return false;
  }

  Status OnCpu(BackendKind backend) {
    if (backend == BackendKind::kOnnxRuntime) {
      auto runtime = OnnxRuntimeBackend(request_.runtime);
      auto session = runtime.ok() ? (*runtime)->Load(model_, options_, Device::kCpu)
                                  : Result<std::unique_ptr<Session>>(runtime.status());
      if (session.ok()) {
        placed_.session = *std::move(session);
        return OkStatus();
      }
      const bool asked = request_.backend == BackendKind::kOnnxRuntime;
      const std::string why =
          (asked ? "--backend onnxruntime: " : "--device auto: ") + session.status().message();
      if (request_.strict && asked) return Status(StatusCode::kDeviceRefused, why);
      note_ = why + ". The native engine is used";
      placed_.reason += (placed_.reason.empty() ? "" : ". ") + why;
    }
    auto native = NativeBackend().Load(model_, options_, Device::kCpu);
    if (native.ok()) {
      placed_.session = *std::move(native);
      return OkStatus();
    }
    Status status = std::move(native).status();
    if (status.code() != StatusCode::kUnsupported || backend != BackendKind::kAuto) return status;
    auto runtime = OnnxRuntimeBackend(request_.runtime);
    if (!runtime.ok()) {
      const bool off = runtime.status().message().find("PEEL_ORT_LIB") != std::string::npos &&
                       runtime.status().message().find("not on this machine") == std::string::npos;
      return Unsupported(status.message() + ". " +
                         (off ? runtime.status().message() : std::string(kNoBackend)));
    }
    auto session = (*runtime)->Load(model_, options_, Device::kCpu);
    if (!session.ok()) {
      return Unsupported(status.message() + ". Nor does ONNX Runtime " + (*runtime)->version() +
                         " run it: " + session.status().message());
    }
    placed_.session = *std::move(session);
    note_ = status.message() + " by the native engine; ONNX Runtime " + (*runtime)->version() +
            " runs it on the CPU";
    return OkStatus();
  }

  Result<PlacedSession> Finish(Device wanted) {
    const RunsOn on = placed_.session->runs_on();
    const bool accelerator = !Accelerators(wanted).empty();
    if (accelerator && on.device != wanted) {
      placed_.warning =
          "--device " + std::string(DeviceName(request_.device)) + ": " + placed_.reason + ". " +
          (on.device == Device::kCpu ? "The CPU" : std::string(DeviceName(on.device))) + " is used";
    }
    if (!note_.empty()) placed_.warning += (placed_.warning.empty() ? "" : ". ") + note_;
    return std::move(placed_);
  }

  const ModelBytes& model_;
  const SessionOptions& options_;
  const DeviceRequest& request_;
  PlacedSession placed_;
  std::string last_, note_;
  bool several_ = false;  // devices to be told apart in the reasons
  Status fatal_;
};

}  // namespace

Result<PlacedSession> LoadPlaced(const ModelBytes& model, const SessionOptions& options,
                                 const DeviceRequest& request) {
  return Placing(model, options, request).Run();
}

}  // namespace peel::engine

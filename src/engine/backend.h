#pragma once

#include <memory>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "src/engine/device.h"
#include "src/engine/ort/options.h"
#include "src/engine/session.h"

namespace peel::engine {

// Something that runs networks. What it gives has been proven: on other devices than the CPU, and
// wherever the native engine can tell what is right, a session is handed out only after a run on a
// picture made for it whose result is the CPU's, and after reading back which device ran its nodes.
class Backend {
 public:
  virtual ~Backend() = default;
  virtual BackendKind kind() const = 0;
  virtual std::string version() const = 0;  // "" for Peel's own
  // Those it was built for, the CPU among them, whether they work here or not.
  virtual std::vector<Device> devices() const = 0;
  // kDeviceRefused, with the reason and what to do, for a device that cannot be used or did not
  // take part; otherwise the errors of loading a model, which name it.
  virtual Result<std::unique_ptr<Session>> Load(const ModelBytes& model,
                                                const SessionOptions& options,
                                                Device device) const = 0;
};

// Peel's own engine: the CPU.
const Backend& NativeBackend();
// ONNX Runtime, loaded now if it is not yet. kNotFound says where it was looked for and how to get
// it.
Result<std::unique_ptr<Backend>> OnnxRuntimeBackend(const RuntimeOptions& options);

// Where a model is to run.
struct DeviceRequest {
  BackendKind backend = BackendKind::kAuto;
  Device device = Device::kAuto;
  bool strict = false;  // kDeviceRefused rather than another device
  RuntimeOptions runtime{};
};

// A session on the device that it got, which need not be the one asked for.
struct PlacedSession {
  std::unique_ptr<Session> session;  // runs_on() says what runs
  // Why it is not what was asked for; of several devices tried "tensorrt: …. cuda: …". "" where it
  // is.
  std::string reason;
  // For the user, once: the above or another surprise as a sentence; "" if none.
  std::string warning;
};

// Loads a model on the device asked for, or on what that falls back to: TensorRT to CUDA, all to
// the CPU. kAuto takes the fastest device that was proven on this machine (device_record.h), the
// CPU without a record. On the CPU the native engine is preferred; a model with operators that it
// lacks goes to ONNX Runtime, or where there is none fails with the native engine's reason and the
// way out.
Result<PlacedSession> LoadPlaced(const ModelBytes& model, const SessionOptions& options,
                                 const DeviceRequest& request);

}  // namespace peel::engine

#include "src/engine/backend.h"

namespace peel::engine {
namespace {

class Native final : public Backend {
 public:
  BackendKind kind() const override { return BackendKind::kNative; }
  std::string version() const override { return ""; }
  std::vector<Device> devices() const override { return {Device::kCpu}; }
  Result<std::unique_ptr<Session>> Load(const ModelBytes& model, const SessionOptions& options,
                                        Device device) const override {
    if (device != Device::kCpu && device != Device::kAuto) {
      return Status(StatusCode::kDeviceRefused, "the native engine runs on the CPU alone");
    }
    return Session::LoadBytes(model.bytes, model.owner, model.name, options, model.directory,
                              model.file);
  }
};

}  // namespace

const Backend& NativeBackend() {
  static const Native backend;
  return backend;
}

}  // namespace peel::engine

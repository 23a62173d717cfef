#include "src/engine/device.h"

#include <utility>

namespace peel::engine {
namespace {

struct Names {
  Device device;
  std::string_view name, provider;
};

constexpr Names kDevices[] = {
    {Device::kAuto, "auto", ""},
    {Device::kCpu, "cpu", "CPUExecutionProvider"},
    {Device::kCuda, "cuda", "CUDAExecutionProvider"},
    {Device::kTensorRt, "tensorrt", "TensorrtExecutionProvider"},
    {Device::kOpenVino, "openvino", "OpenVINOExecutionProvider"},
};

constexpr std::pair<BackendKind, std::string_view> kBackends[] = {
    {BackendKind::kAuto, "auto"},
    {BackendKind::kNative, "native"},
    {BackendKind::kOnnxRuntime, "onnxruntime"},
};

const Names& Entry(Device device) {
  for (const Names& names : kDevices) {
    if (names.device == device) return names;
  }
  return kDevices[0];
}

}  // namespace

std::string_view DeviceName(Device device) { return Entry(device).name; }

std::string_view ProviderName(Device device) { return Entry(device).provider; }

std::optional<Device> DeviceFromName(std::string_view name) {
  for (const Names& names : kDevices) {
    if (names.name == name) return names.device;
  }
  return std::nullopt;
}

std::string_view BackendName(BackendKind backend) {
  for (const auto& [kind, name] : kBackends) {
    if (kind == backend) return name;
  }
  return "auto";
}

std::optional<BackendKind> BackendFromName(std::string_view name) {
  for (const auto& [kind, text] : kBackends) {
    if (text == name) return kind;
  }
  return std::nullopt;
}

}  // namespace peel::engine

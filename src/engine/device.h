#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace peel::engine {

// Where a network may run.
enum class Device { kAuto, kCpu, kCuda, kTensorRt, kOpenVino };

// What runs it.
enum class BackendKind { kAuto, kNative, kOnnxRuntime };

// "auto", "cpu", "cuda", "tensorrt", "openvino": as users spell it.
std::string_view DeviceName(Device device);
std::optional<Device> DeviceFromName(std::string_view name);
// "auto", "native", "onnxruntime".
std::string_view BackendName(BackendKind backend);
std::optional<BackendKind> BackendFromName(std::string_view name);

// ONNX Runtime's name: "CUDAExecutionProvider". kAuto has none.
std::string_view ProviderName(Device device);

}  // namespace peel::engine

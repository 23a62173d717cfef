#include "src/pipeline/model/model_options.h"

#include <cstdlib>

namespace peel {
namespace {

Status NoSuch(std::string_view option, std::string_view text, std::string_view choices) {
  return InvalidArgument(std::string(option) + ": \"" + std::string(text) + "\" is none of " +
                         std::string(choices));
}

}  // namespace

Result<Device> ParseDevice(std::string_view text) {
  if (const auto device = engine::DeviceFromName(text)) return *device;
  return NoSuch("--device", text, "auto, cpu, cuda, tensorrt, openvino");
}

Result<BackendKind> ParseBackend(std::string_view text) {
  if (const auto backend = engine::BackendFromName(text)) return *backend;
  return NoSuch("--backend", text, "auto, native, onnxruntime");
}

Result<engine::RuntimeOptions> ParseRuntime(std::string_view text) {
  engine::RuntimeOptions options;
  if (const char* variable = std::getenv("PEEL_ORT_OPTIONS")) {
    Status status = engine::ParseRuntimeOptions(variable, &options);
    if (!status.ok()) return std::move(status).WithContext("PEEL_ORT_OPTIONS");
  }
  Status status = engine::ParseRuntimeOptions(text, &options);
  if (!status.ok()) return std::move(status).WithContext("--ort");
  return options;
}

Result<engine::Precision> ParsePrecision(std::string_view text) {
  if (text == "auto") return engine::Precision::kAuto;
  if (text == "fp32") return engine::Precision::kFp32;
  if (text == "bf16") return engine::Precision::kBf16;
  if (text == "int8") return engine::Precision::kInt8;
  if (text == "fp16") return engine::Precision::kFp16;
  return NoSuch("--precision", text, "auto, fp32, bf16, fp16, int8");
}

}  // namespace peel

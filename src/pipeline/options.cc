#include <string>

#include "src/pipeline/cutter.h"

namespace peel {
namespace {

Status NoSuch(std::string_view option, std::string_view text, std::string_view choices) {
  return InvalidArgument(std::string(option) + ": \"" + std::string(text) + "\" is none of " +
                         std::string(choices));
}

}  // namespace

Result<Device> ParseDevice(std::string_view text) {
  if (text == "auto") return Device::kAuto;
  if (text == "cpu") return Device::kCpu;
  if (text == "cuda") return Device::kCuda;
  if (text == "tensorrt") return Device::kTensorRt;
  return NoSuch("--device", text, "auto, cpu, cuda, tensorrt");
}

Result<engine::Precision> ParsePrecision(std::string_view text) {
  if (text == "auto") return engine::Precision::kAuto;
  if (text == "fp32") return engine::Precision::kFp32;
  if (text == "bf16") return engine::Precision::kBf16;
  if (text == "int8") return engine::Precision::kInt8;
  return NoSuch("--precision", text, "auto, fp32, bf16, int8");
}

Result<EdgeMode> ParseEdges(std::string_view text) {
  if (text == "auto") return EdgeMode::kAuto;
  if (text == "off") return EdgeMode::kOff;
  if (text == "refine") return EdgeMode::kRefine;
  if (text == "matting") return EdgeMode::kMatting;
  return NoSuch("--edges", text, "auto, off, refine, matting");
}

}  // namespace peel

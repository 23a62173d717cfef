#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "src/base/executor.h"
#include "src/base/status.h"
#include "src/engine/backend.h"
#include "src/engine/device.h"
#include "src/engine/session.h"

namespace peel {

using engine::BackendKind;
using engine::Device;

// Which model, and how it is to run.
struct ModelOptions {
  std::string model{};  // NAME or FILE; "" and "peel" are the embedded one
  int threads = 0;      // 0: AvailableCpus(), or as many as `executor` runs at the same time
  // Lends its threads and outlives the model, which the first to need it loads. Null: Peel's own.
  Executor* executor = nullptr;
  // The bytes of an ONNX file instead of `model`, which then only names it; not copied. They may
  // have no external data. Empty: none.
  std::span<const uint8_t> bytes{};
  // Calls of Cut that may run at the same time: the workers they share are that many fewer, so that
  // all of them together keep to `threads`.
  int jobs = 1;
  Device device = Device::kAuto;
  BackendKind backend = BackendKind::kAuto;
  engine::RuntimeOptions runtime{};  // ONNX Runtime's
  engine::Precision precision = engine::Precision::kAuto;
  bool strict = false;  // fail rather than fall back
  // A family's name (matte/model_family.h) for a file whose own name and metadata do not tell; "":
  // find out.
  std::string family{};
};

// What runs in fact.
struct ModelInfo {
  std::string name;           // "peel", "u2netp", or the file's
  std::string path;           // "(embedded)" or the file
  std::string device;         // "cpu", "cuda" …: what was read back, not what was asked for
  std::string device_asked;   // "auto" too
  std::string device_reason;  // why it is another one; "" where it is not
  std::string backend;        // "native", or "onnxruntime 1.31.1"
  std::map<std::string, int> nodes;  // that each of ONNX Runtime's providers ran, where read back
  std::string precision;             // "fp32", "bf16", "fp16", "int8": the narrowest numbers in use
  std::string precision_detail;      // "int8 (90 of 119 convolutions, 29 fp32)"
  int threads = 0;
  std::string warning;  // a fall-back to say once; empty if none
  double load_ms = 0;
};

// "auto", "cpu", …; kInvalidArgument names the choices.
Result<Device> ParseDevice(std::string_view text);
Result<BackendKind> ParseBackend(std::string_view text);
// For --ort and $PEEL_ORT_OPTIONS; the latter first, so that the former wins.
Result<engine::RuntimeOptions> ParseRuntime(std::string_view text);
Result<engine::Precision> ParsePrecision(std::string_view text);
}  // namespace peel

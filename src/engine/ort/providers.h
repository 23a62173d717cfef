#pragma once

#include <string>
#include <vector>

#include "src/base/status.h"
#include "src/engine/device.h"
#include "src/engine/ort/library.h"
#include "src/engine/plan/precision.h"

namespace peel::engine::ort {

// What a device's provider is set up with, as ONNX Runtime's keys and values.
struct ProviderSettings {
  std::vector<std::string> keys, values;
  void Add(std::string key, std::string value) {
    keys.push_back(std::move(key));
    values.push_back(std::move(value));
  }
};

// kFp16 and kInt8 are TensorRT's own; the others compute what the model holds. cache_folder: where
// TensorRT keeps engines and timings; "" keeps none. threads: OpenVINO's.
ProviderSettings SettingsFor(Device device, Precision precision, const RuntimeOptions& options,
                             const std::string& cache_folder, int threads);

// $PEEL's cache of TensorRT engines, made where it is not there; "" where caches are off.
std::string TensorRtCacheFolder();

// Puts the provider before the CPU's. Libraries that it needs are first looked for in the Python
// packages around ONNX Runtime (nvidia-*, tensorrt) and in CUDA's usual folders, so that they need
// not be on the linker's path. The status is ONNX Runtime's or says that its build lacks it.
Status AppendProvider(const Library& library, Device device, const ProviderSettings& settings,
                      OrtSessionOptions* to);

// Path of the provider's own library beside ONNX Runtime; "" where it is built in (the CPU's).
std::string ProviderLibrary(const Library& library, Device device);

// Where CUDA's and TensorRT's libraries may lie beside this ONNX Runtime.
std::vector<std::string> AcceleratorFolders(const std::string& runtime_folder);

}  // namespace peel::engine::ort

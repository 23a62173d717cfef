#pragma once

#include <string>
#include <vector>

#include "src/engine/device.h"
#include "src/engine/ort/driver.h"
#include "src/engine/ort/library.h"
#include "src/engine/ort/options.h"

namespace peel::engine {

// One thing that a GPU needs to be of use.
struct ChainLink {
  std::string name;  // "CUDA runtime"
  bool found = false;
  std::string version, path;
  std::string reason;  // why not found
  std::string remedy;  // the command or step that changes it
};

// A device and whether something stands in its way; only a run proves that it works.
struct DeviceState {
  BackendKind backend = BackendKind::kNative;
  Device device = Device::kCpu;
  bool possible = false;
  std::string reason, remedy;
};

// All that lies between Peel and this machine's devices, found by looking and loading, without
// running a network.
struct DeviceChain {
  ort::Driver driver;
  std::vector<ChainLink> libraries;            // CUDA, cuBLAS, cuDNN, TensorRT
  ChainLink runtime;                           // ONNX Runtime
  std::vector<std::string> providers;          // that it was built with
  std::vector<ort::LibraryTrial> passed_over;  // other ONNX Runtimes, and why not
  std::vector<DeviceState> devices;
};

// Looks anew at each call. No error: what is missing has its reason and remedy in the answer.
DeviceChain ReadDeviceChain(const RuntimeOptions& options);

}  // namespace peel::engine

#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "src/image/image.h"
#include "src/pipeline/cut/cutter.h"

namespace peel {

// One way to run a model, tried on pictures.
struct TrialCase {
  std::string model;  // NAME or FILE; "" is the embedded one
  Device device = Device::kCpu;
  BackendKind backend = BackendKind::kAuto;
  engine::Precision precision = engine::Precision::kFp32;
};

// Numbers of a series of runs.
struct Spread {
  double median = 0, low = 0, high = 0;  // low and high: of 80 % of the runs in between
  int runs = 0;
};
Spread SpreadOf(std::vector<double> values);

// How far one matte is from another of the same size, by their first channels.
struct MatteDistance {
  double mean_difference = 0;  // of opacity, 0 to 1
  double iou = 1;              // of what is more than half subject; 1 where neither has any
};
Result<MatteDistance> CompareMattes(ImageView<const uint8_t> a, ImageView<const uint8_t> b);

// A refusal's text without what the command line is told beside: the device's name before it, and
// what would happen without --strict behind it.
std::string WithoutAdvice(std::string text, Device device);

// Within what another arithmetic may cost; beyond it a fast configuration is a wrong one.
inline constexpr double kMaxMeanDifference = 0.01, kMinIou = 0.98;
inline bool IsFaithful(const MatteDistance& distance) {
  return distance.mean_difference <= kMaxMeanDifference && distance.iou >= kMinIou;
}

// A photograph that is made up: a lit ball before a soft ground, of this size.
Result<ImageU8> TrialPicture(int width, int height);

// What `peel doctor --verify` finds out of one device.
struct DeviceTrial {
  BackendKind backend = BackendKind::kNative;
  Device device = Device::kCpu;
  bool proven = false;
  std::string reason;  // why not
  std::string precision, backend_name;
  std::map<std::string, int> nodes;
  double load_ms = 0;
  std::vector<Spread> times;  // by size, of pixels in to cut-out pixels out
  MatteDistance distance;     // from the native engine's on the CPU, the worst of the sizes
};

// What to try the devices with: a model by name or file, pictures with these longer
// sides, each `runs` times; threads 0: as many as there are processors.
struct VerifyOptions {
  std::string model;
  std::vector<int> sizes = {640, 1024, 2048};  // longer sides
  int runs = 5;
  int threads = 0;
  engine::RuntimeOptions runtime{};
};

// Tries the native engine and all of ONNX Runtime's devices, each strictly. Keeps what was proven
// for --device auto (engine/device_record.h), by the times at the middle size. The first entry is
// the native engine on the CPU; a model that it cannot run is compared with ONNX Runtime's CPU.
// Errors: those of finding and reading the model.
Result<std::vector<DeviceTrial>> VerifyDevices(const VerifyOptions& options);

}  // namespace peel

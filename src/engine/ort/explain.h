#pragma once

#include <string>

#include "src/base/status.h"
#include "src/engine/device.h"
#include "src/engine/ort/library.h"

namespace peel::engine::ort {

// Why a device cannot be used, and the command or step that changes it.
struct Refusal {
  std::string reason, remedy;
  // "reason; remedy".
  std::string Text() const { return remedy.empty() ? reason : reason + "; " + remedy; }
  bool empty() const { return reason.empty(); }
};

// What stands between this machine and the device before any session is made: ONNX Runtime's build,
// the driver, its age, libraries that the dynamic linker does not find (by the names in the
// provider's own library). Empty where nothing does, which proves nothing yet.
Refusal CheckDevice(const Library& library, Device device);

// The same from a session that failed with this status; at least the library's own words.
Refusal ExplainFailure(const Library& library, Device device, const Status& failure);

// Where there is no ONNX Runtime at all.
Refusal NoRuntime(Device device, const Status& not_found);

// How to get a library, for a build that wants this major version of CUDA.
std::string HowToGetLibrary(const std::string& name, int cuda_major);

}  // namespace peel::engine::ort

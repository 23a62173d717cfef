#pragma once

#include <map>
#include <string>
#include <string_view>

#include "src/base/status.h"
#include "src/engine/session.h"

namespace peel::engine::ort {

// What ONNX Runtime's profile of one run tells.
struct ProfileFacts {
  std::map<std::string, int> nodes{};  // that ran, by provider
  NumberReport numbers{};              // convolutions and matrix products, by the types they read
  // Convolutions and matrix products on the CPU's provider.
  int products_on_cpu = 0;
};

// text: the profile's JSON, an array of events. kCorrupt where it is not one, or names no node.
Result<ProfileFacts> ReadProfile(std::string_view text);

// "CUDAExecutionProvider 212, CPUExecutionProvider 6".
std::string NodesText(const std::map<std::string, int>& nodes);

}  // namespace peel::engine::ort

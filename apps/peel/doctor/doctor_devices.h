#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "src/engine/ort/options.h"

namespace peel {

// The chain from the GPU's driver to ONNX Runtime's providers as `doctor` shows it.
nlohmann::ordered_json DevicesJson(const engine::RuntimeOptions& options);
void PrintDevices(const nlohmann::ordered_json& doc);

// `doctor --verify`: every device tried, with times. Returns the exit code.
struct VerifyArguments {
  std::string model;
  int runs = 5, threads = 0;
  bool json = false;
};
int RunVerify(const VerifyArguments& arguments, const engine::RuntimeOptions& options);

}  // namespace peel

// Any bytes: read, and where that works, rewritten by every pass.
#include <cstddef>
#include <cstdint>
#include <span>

#include "src/engine/graph/pass.h"
#include "src/engine/onnx/reader.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace peel::engine;  // NOLINT(google-build-using-namespace)
  auto graph = ReadOnnx(std::span<const uint8_t>(data, size), nullptr, "fuzz", "");
  if (!graph.ok()) return 0;
  if (!graph->Verify().ok()) __builtin_trap();
  const auto reports = RunPasses(*graph, {});
  // A pass may refuse the graph, but never break it.
  if (!reports.ok() && reports.status().code() == peel::StatusCode::kInternal) __builtin_trap();
  ShapeDecidingInputs(*graph);
  return 0;
}

// Any model: specialised to small shapes with an evaluator that computes zeros, before and after
// the passes.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "src/engine/graph/pass.h"
#include "src/engine/graph/specialise.h"
#include "src/engine/onnx/reader.h"

namespace {

using namespace peel::engine;  // NOLINT(google-build-using-namespace)

constexpr size_t kLargest = size_t{1} << 20;  // keeps a run of constants within the memory limit

constexpr auto kZeros = [](const Node& node, std::span<const Tensor* const>,
                           std::span<Tensor> outputs) -> peel::Status {
  for (const Tensor& output : outputs) {
    if (output.bytes() > kLargest) return peel::Unsupported(node.Describe());
  }
  for (Tensor& output : outputs) {
    if (output.defined()) std::memset(output.raw(), 0, output.bytes());
  }
  return peel::OkStatus();
};

void CheckSpecialised(const Graph& graph) {
  if (!graph.Verify().ok()) __builtin_trap();
  for (const Node& node : graph.nodes) {
    for (const auto* list : {&node.inputs, &node.outputs}) {
      for (const ValueId v : *list) {
        if (v == kNone) continue;
        const Value& value = graph.value(v);
        if (!value.shape || DataTypeSize(value.type) == 0) __builtin_trap();
        if (!ElementCount(*value.shape).ok()) __builtin_trap();
      }
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto read = ReadOnnx(std::span<const uint8_t>(data, size), nullptr, "fuzz", "");
  if (!read.ok()) return 0;
  Binding binding;
  for (const Port& port : read->inputs) {
    Shape shape = port.shape;
    for (int64_t& extent : shape) {
      if (extent < 0) extent = 3;
    }
    binding.shapes[port.name] = shape;
  }
  for (const std::string& name : ShapeDecidingInputs(*read)) {
    for (const Port& port : read->inputs) {
      if (port.name != name) continue;
      auto count = ElementCount(binding.shapes[name]);
      if (!count.ok() || *count > 64) continue;
      auto tensor = Tensor::Allocate(port.type, binding.shapes[name]);
      if (!tensor.ok()) continue;
      std::memset(tensor->raw(), 0, tensor->bytes());
      binding.values[name] = *tensor;
    }
  }
  Graph plain = *read;
  if (Specialise(plain, binding, kZeros).ok()) CheckSpecialised(plain);
  const Evaluator evaluate = kZeros;
  if (!RunPasses(*read, {}, PassContext{&evaluate}).ok()) return 0;
  if (!Specialise(*read, binding, evaluate).ok()) return 0;
  CheckSpecialised(*read);
  const auto again = RunPasses(*read, {}, PassContext{&evaluate});
  if (again.ok()) CheckSpecialised(*read);
  if (!again.ok() && again.status().code() == peel::StatusCode::kInternal) __builtin_trap();
  return 0;
}

#include "src/engine/graph/fold.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "src/engine/graph/constant.h"

namespace peel::engine {
namespace {

void MakeConstant(Graph& graph, ValueId id, Tensor tensor) {
  Value& value = graph.value(id);
  value.type = tensor.type();
  value.shape = tensor.shape();
  value.constant = std::move(tensor);
}

bool AllInputsConstant(const Graph& graph, const Node& node) {
  return std::all_of(node.inputs.begin(), node.inputs.end(),
                     [&](ValueId v) { return v == kNone || graph.value(v).is_constant(); });
}

// Shape's result for an input of the given shape.
Tensor ShapeTensor(const Node& node, const Shape& shape) {
  const auto rank = static_cast<int64_t>(shape.size());
  const auto clamp = [&](int64_t i) { return std::clamp<int64_t>(i < 0 ? i + rank : i, 0, rank); };
  const int64_t start = clamp(node.Int("start", 0));
  const int64_t end = std::max(start, clamp(node.Int("end", rank)));
  return Tensor::Of(std::span<const int64_t>(shape).subspan(static_cast<size_t>(start),
                                                            static_cast<size_t>(end - start)));
}

}  // namespace

bool IsView(const Node& node) {
  for (const char* op : {"Identity", "Dropout", "Reshape", "Squeeze", "Unsqueeze", "Flatten"}) {
    if (node.Is(op)) return true;
  }
  return false;
}

Result<bool> Folder::Fold(Graph& graph, const Node& node) {
  if (node.Is("Constant")) {
    auto value = ConstantOf(node);
    if (!value.ok()) return std::move(value).status().WithContext(node.Describe());
    MakeConstant(graph, node.outputs[0], *std::move(value));
    return true;
  }
  if (node.Is("Shape") || node.Is("Size")) {
    const std::optional<Shape>& shape = graph.value(node.inputs[0]).shape;
    if (!shape) return false;
    if (node.Is("Shape")) {
      MakeConstant(graph, node.outputs[0], ShapeTensor(node, *shape));
    } else {
      PEEL_ASSIGN_OR_RETURN(const int64_t count, ElementCount(*shape));
      MakeConstant(graph, node.outputs[0], Tensor::Scalar(count));
    }
    return true;
  }
  if (node.inputs.empty() || !AllInputsConstant(graph, node)) return false;
  if (IsView(node) && node.outputs.size() == 1) {
    const Tensor& source = graph.value(node.inputs[0]).constant;
    PEEL_ASSIGN_OR_RETURN(Tensor view, source.Reshaped(*graph.value(node.outputs[0]).shape));
    MakeConstant(graph, node.outputs[0], std::move(view));
    return true;
  }
  if (evaluate_ == nullptr || !WorthKeeping(graph, node)) return false;
  return Evaluate(graph, node);
}

bool Folder::WorthKeeping(const Graph& graph, const Node& node) const {
  uint64_t in = 0, out = 0;
  for (const ValueId v : node.inputs) {
    if (v != kNone) in += graph.value(v).constant.bytes();
  }
  for (const ValueId v : node.outputs) {
    if (v == kNone) continue;
    const Value& value = graph.value(v);
    const Result<int64_t> count = ElementCount(*value.shape);
    // Inference has refused everything that could overflow here.
    if (count.ok()) out += static_cast<uint64_t>(*count) * DataTypeSize(value.type);
  }
  return (out <= kLargeBytes || out <= 2 * in) && out <= kBudget - std::min(kBudget, spent_);
}

Result<bool> Folder::Evaluate(Graph& graph, const Node& node) {
  std::vector<const Tensor*> inputs;
  for (const ValueId v : node.inputs) {
    inputs.push_back(v == kNone ? nullptr : &graph.value(v).constant);
  }
  std::vector<Tensor> outputs(node.outputs.size());
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (node.outputs[i] == kNone) continue;
    const Value& value = graph.value(node.outputs[i]);
    PEEL_ASSIGN_OR_RETURN(outputs[i], Tensor::Allocate(value.type, *value.shape));
  }
  Status status = (*evaluate_)(node, inputs, outputs);
  if (status.code() == StatusCode::kUnsupported) return false;
  if (!status.ok()) return std::move(status).WithContext(node.Describe());
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (node.outputs[i] == kNone) continue;
    spent_ += outputs[i].bytes();
    MakeConstant(graph, node.outputs[i], std::move(outputs[i]));
  }
  return true;
}

}  // namespace peel::engine

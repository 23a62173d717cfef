// Takes out nodes that hand their first operand through unchanged.
#include <algorithm>
#include <cstdint>
#include <limits>
#include <numeric>

#include "src/engine/graph/passes/match.h"
#include "src/engine/graph/passes/passes.h"
#include "src/engine/graph/rewriter.h"
#include "src/engine/graph/types.h"

namespace peel::engine::passes {
namespace {

bool SameKnownShape(const Graph& graph, ValueId a, ValueId b) {
  return graph.value(a).shape && graph.value(a).shape == graph.value(b).shape;
}

bool PadIsNothing(const Rewriter& rewriter, const Node& node) {
  const auto pads = IntsOf(rewriter, node, 1, "pads");
  return pads && std::all_of(pads->begin(), pads->end(), [](int64_t p) { return p == 0; });
}

// Without shapes: from 0, in steps of 1, to "the end" as exporters write it.
bool SliceIsNothing(const Rewriter& rewriter, const Node& node) {
  const auto starts = IntsOf(rewriter, node, 1, "starts");
  const auto ends = IntsOf(rewriter, node, 2, "ends");
  if (!starts || !ends) return false;
  if (node.inputs.size() > 4 && node.inputs[4] != kNone) {
    const auto steps = IntsOf(rewriter, node, 4, "");
    if (!steps || !std::all_of(steps->begin(), steps->end(), [](int64_t s) { return s == 1; })) {
      return false;
    }
  }
  if (SameKnownShape(rewriter.graph(), node.inputs[0], node.outputs[0])) return true;
  constexpr int64_t kEnd = std::numeric_limits<int32_t>::max();
  return std::all_of(starts->begin(), starts->end(), [](int64_t s) { return s == 0; }) &&
         std::all_of(ends->begin(), ends->end(), [](int64_t e) { return e >= kEnd; });
}

bool TransposeIsNothing(const Node& node) {
  const std::vector<int64_t> perm = node.Ints("perm");
  return !perm.empty() && std::is_sorted(perm.begin(), perm.end());
}

bool ResizeIsNothing(const Rewriter& rewriter, const Node& node) {
  if (node.String("coordinate_transformation_mode", "half_pixel") == "tf_crop_and_resize") {
    return false;
  }
  const size_t at = node.opset < 11 ? 1 : 2;
  if (at >= node.inputs.size()) return false;
  const Tensor* scales = rewriter.Constant(node.inputs[at]);
  if (scales != nullptr && scales->elements() > 0) {
    const Result<std::vector<float>> values = scales->AsFloats();
    return values.ok() &&
           std::all_of(values->begin(), values->end(), [](float s) { return s == 1.0f; });
  }
  return node.inputs.size() > 3 && node.inputs[3] != kNone &&
         SameKnownShape(rewriter.graph(), node.inputs[0], node.outputs[0]);
}

bool HandsThrough(const Rewriter& rewriter, const Node& node) {
  const Graph& graph = rewriter.graph();
  if (node.inputs.empty() || node.inputs[0] == kNone) return false;
  if (node.Is("Identity")) return true;
  if (node.Is("Dropout")) {
    if (node.inputs.size() < 3 || node.inputs[2] == kNone) return true;
    const Tensor* training = rewriter.Constant(node.inputs[2]);
    return training != nullptr && training->type() == DataType::kBool &&
           training->elements() == 1 && *training->data<uint8_t>() == 0;
  }
  if (node.Is("Cast")) {
    const DataType type = graph.value(node.inputs[0]).type;
    return type != DataType::kUndefined && static_cast<int64_t>(type) == node.Int("to", 0);
  }
  if (node.Is("Pad")) return PadIsNothing(rewriter, node);
  if (node.Is("Slice")) return SliceIsNothing(rewriter, node);
  if (node.Is("Transpose")) return TransposeIsNothing(node);
  if (node.Is("Resize")) return ResizeIsNothing(rewriter, node);
  for (const char* op : {"Reshape", "Squeeze", "Unsqueeze", "Flatten", "Expand", "Tile"}) {
    if (node.Is(op)) return SameKnownShape(graph, node.inputs[0], node.outputs[0]);
  }
  for (const char* op : {"Concat", "Sum", "Max", "Min", "Mean"}) {
    if (node.Is(op)) return node.inputs.size() == 1;
  }
  return false;
}

}  // namespace

Result<int> RemoveIdentity(Graph& graph, const PassContext&) {
  InferTypes(graph);
  Rewriter rewriter(graph);
  int changes = 0;
  for (NodeId n = 0; n < rewriter.node_count(); ++n) {
    const Node& node = rewriter.node(n);
    if (node.outputs.size() != 1 || node.outputs[0] == kNone) continue;
    if (!HandsThrough(rewriter, node)) continue;
    const ValueId in = node.inputs[0], out = node.outputs[0];
    // An output of the graph stays something that a node computes, once.
    if (rewriter.IsOutput(out) && (rewriter.Producer(in) == kNone || rewriter.IsOutput(in))) {
      continue;
    }
    rewriter.Replace(out, in);
    rewriter.Remove(n);
    ++changes;
  }
  return changes;
}

}  // namespace peel::engine::passes

// Upsample, and Resize of opset 10, become Resize as it is since opset 13, so that kernels know one
// form: coordinates are divided by the scale and, for the nearest pixel, rounded down. Only where
// no axis shrinks; there the old Resize left the rounding open.
#include <algorithm>

#include "src/engine/graph/passes/match.h"
#include "src/engine/graph/passes/passes.h"
#include "src/engine/graph/rewriter.h"

namespace peel::engine::passes {
namespace {

// Scales of the node as a value and as numbers; nothing where they are not known.
bool FindScales(Rewriter& rewriter, const Node& node, ValueId* value, std::vector<float>* scales) {
  if (node.inputs.size() == 2 && node.opset >= 9) {
    *value = node.inputs[1];
    const Tensor* tensor = rewriter.Constant(*value);
    if (tensor == nullptr || tensor->type() != DataType::kFloat32) return false;
    Result<std::vector<float>> values = tensor->AsFloats();
    if (!values.ok()) return false;
    *scales = *std::move(values);
    return true;
  }
  if (node.inputs.size() != 1 || !node.HasAttribute("scales")) return false;
  *scales = node.Floats("scales");
  *value = kNone;
  return true;
}

}  // namespace

Result<int> ResizeForUpsample(Graph& graph, const PassContext&) {
  Rewriter rewriter(graph);
  int changes = 0;
  for (NodeId n = 0; n < rewriter.node_count(); ++n) {
    const Node& old = rewriter.node(n);
    if (!old.Is("Upsample") && !(old.Is("Resize") && old.opset == 10)) continue;
    ValueId value = kNone;
    std::vector<float> scales;
    if (!FindScales(rewriter, old, &value, &scales)) continue;
    if (!std::all_of(scales.begin(), scales.end(), [](float s) { return s >= 1.0f; })) continue;
    const std::string mode = old.String("mode", "nearest");
    if (mode != "nearest" && mode != "linear" && mode != "bilinear") continue;
    Node resize = old;
    resize.op_type = "Resize";
    resize.opset = 13;
    resize.attributes.clear();
    resize.attributes["mode"] = std::string(mode == "nearest" ? "nearest" : "linear");
    resize.attributes["coordinate_transformation_mode"] = std::string("asymmetric");
    resize.attributes["nearest_mode"] = std::string("floor");
    if (value == kNone) {
      value =
          rewriter.AddConstant(old.name + "_scales", Tensor::Of(std::span<const float>(scales)));
    }
    resize.inputs = {old.inputs[0], kNone, value};
    rewriter.Become(n, std::move(resize));
    ++changes;
  }
  return changes;
}

}  // namespace peel::engine::passes

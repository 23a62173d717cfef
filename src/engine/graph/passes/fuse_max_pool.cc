// A first layer that nothing but MaxPool of 2×2 reads becomes peel.ConvMaxPool: at the full
// resolution it is memory that both of them wait for. Only where the extents are known and even,
// and for the few channels that its kernel takes.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "src/engine/graph/passes/fused_conv.h"
#include "src/engine/graph/passes/passes.h"
#include "src/engine/graph/rewriter.h"

namespace peel::engine::passes {
namespace {

bool HalvesByPairs(const Node& node) {
  const std::vector<int64_t> twos = {2, 2}, none = {0, 0, 0, 0}, ones = {1, 1};
  return node.Is("MaxPool") && (node.outputs.size() < 2 || node.outputs[1] == kNone) &&
         node.Ints("kernel_shape") == twos && node.Ints("strides", ones) == twos &&
         node.Ints("dilations", ones) == ones && node.Ints("pads", none) == none &&
         node.String("auto_pad", "NOTSET") == "NOTSET";
}

// A convolution with ReLU or without an activation, of few channels and with nothing added.
bool IsFirstLayer(const Rewriter& rewriter, const Node& conv) {
  if (!conv.Is("Conv") && !conv.Is("Conv", "peel")) return false;
  const std::string activation = conv.String("activation", "none");
  if (activation != "none" && activation != "relu") return false;
  if (conv.inputs.size() > 3 && conv.inputs[3] != kNone) return false;
  const Tensor* weights = rewriter.Constant(conv.inputs[1]);
  const bool few = weights != nullptr && weights->type() == DataType::kFloat32 &&
                   weights->rank() == 4 && weights->dim(1) <= 8 && conv.Int("group", 1) == 1;
  return few && (conv.inputs.size() < 3 || conv.inputs[2] == kNone ||
                 rewriter.Constant(conv.inputs[2]) != nullptr);
}

bool HasEvenExtents(const Value& image) {
  return image.shape && image.shape->size() == 4 &&
         std::all_of(image.shape->begin() + 2, image.shape->end(),
                     [](int64_t extent) { return extent > 0 && extent % 2 == 0; });
}

}  // namespace

Result<int> FuseMaxPool(Graph& graph, const PassContext&) {
  Rewriter rewriter(graph);
  int changes = 0;
  for (NodeId n = 0; n < rewriter.node_count(); ++n) {
    const Node& pool = rewriter.node(n);
    if (!HalvesByPairs(pool)) continue;
    const ValueId image = pool.inputs[0];
    const NodeId conv = rewriter.Producer(image);
    if (conv == kNone || rewriter.SoleReader(image) != n) continue;
    if (!IsFirstLayer(rewriter, rewriter.node(conv)) || !HasEvenExtents(graph.value(image))) {
      continue;
    }
    Node fused = AsPeelConv(rewriter.node(conv));
    fused.op_type = "ConvMaxPool";
    fused.inputs.resize(std::min<size_t>(fused.inputs.size(), 3));
    fused.outputs = {pool.outputs[0]};
    rewriter.Remove(n);
    rewriter.Become(conv, std::move(fused));
    ++changes;
  }
  return changes;
}

}  // namespace peel::engine::passes

// A table behind an integer convolution or sum that nothing else reads, where all that it does is
// clamp (a Relu on bytes of the same scale), becomes the bounds of that node.
#include <algorithm>
#include <optional>
#include <utility>

#include "src/engine/graph/passes/passes.h"
#include "src/engine/graph/rewriter.h"

namespace peel::engine::passes {
namespace {

std::optional<std::pair<int, int>> ClampOf(const Tensor& table) {
  if (table.type() != DataType::kUint8 || table.elements() != 256) return std::nullopt;
  const auto* bytes = table.data<uint8_t>();
  const int low = bytes[0], high = bytes[255];
  for (int i = 0; i < 256; ++i) {
    if (bytes[i] != std::min(std::max(i, low), high)) return std::nullopt;
  }
  return std::pair(low, high);
}

}  // namespace

Result<int> ClampTables(Graph& graph, const PassContext&) {
  Rewriter rewriter(graph);
  int changes = 0;
  for (NodeId n = 0; n < rewriter.node_count(); ++n) {
    const Node& node = rewriter.node(n);
    if (!node.Is("QTable", "peel") || rewriter.removed(n)) continue;
    const Tensor* table = rewriter.Constant(node.inputs[1]);
    const NodeId source = rewriter.Producer(node.inputs[0]);
    if (table == nullptr || source == kNone || rewriter.SoleReader(node.inputs[0]) != n) continue;
    const Node& from = rewriter.node(source);
    const bool conv = from.Is("QConv", "peel") &&
                      from.Int("output_dtype", 2) == static_cast<int64_t>(DataType::kUint8);
    if (!conv && !from.Is("QAdd", "peel")) continue;
    const auto clamp = ClampOf(*table);
    if (!clamp) continue;
    Node merged = from;
    const auto clamped = [&](int64_t x) {
      return std::min<int64_t>(std::max<int64_t>(x, clamp->first), clamp->second);
    };
    merged.attributes["low"] = clamped(from.Int("low", 0));
    merged.attributes["high"] = clamped(from.Int("high", 255));
    merged.outputs = node.outputs;
    rewriter.Remove(n);
    rewriter.Become(source, std::move(merged));
    ++changes;
  }
  return changes;
}

}  // namespace peel::engine::passes

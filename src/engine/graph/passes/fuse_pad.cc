// A Pad with zeros before a Conv or AveragePool becomes that operator's own padding.
#include <algorithm>

#include "src/engine/graph/passes/match.h"
#include "src/engine/graph/passes/passes.h"
#include "src/engine/graph/rewriter.h"

namespace peel::engine::passes {
namespace {

// Pads of all axes, begins then ends, where the Pad writes zeros around the spatial axes only.
std::optional<std::vector<int64_t>> ZeroPads(const Rewriter& rewriter, const Node& pad) {
  if (pad.String("mode", "constant") != "constant") return std::nullopt;
  if (pad.inputs.size() > 3 && pad.inputs[3] != kNone) return std::nullopt;  // only some axes
  if (pad.inputs.size() > 2 && pad.inputs[2] != kNone) {
    const std::optional<float> value = ScalarConstant(rewriter, pad.inputs[2]);
    if (!value || *value != 0) return std::nullopt;
  }
  if (pad.opset < 11 && pad.Float("value", 0) != 0) return std::nullopt;
  auto pads = IntsOf(rewriter, pad, 1, "pads");
  if (!pads || pads->size() < 6 || pads->size() % 2 != 0) return std::nullopt;
  const size_t rank = pads->size() / 2;
  for (size_t i = 0; i < pads->size(); ++i) {
    const int64_t p = (*pads)[i];
    if (p < 0 || p > 1 << 20 || (i % rank < 2 && p != 0)) return std::nullopt;
  }
  return pads;
}

bool TakesPadding(const Node& node, size_t spatial) {
  if (node.String("auto_pad", "NOTSET") != "NOTSET") return false;
  const std::vector<int64_t> own = node.Ints("pads");
  if (!own.empty() && own.size() != spatial * 2) return false;
  if (node.Is("Conv") || node.Is("Conv", "peel")) return true;
  // The pool must count what the Pad wrote, and has no other padding that it counts differently.
  return node.Is("AveragePool") && node.Int("ceil_mode", 0) == 0 &&
         std::all_of(own.begin(), own.end(), [](int64_t p) { return p == 0; });
}

}  // namespace

Result<int> FusePad(Graph& graph, const PassContext&) {
  Rewriter rewriter(graph);
  int changes = 0;
  for (NodeId n = 0; n < rewriter.node_count(); ++n) {
    if (rewriter.node(n).inputs.empty()) continue;
    const Node* pad = rewriter.ProducerIs(rewriter.node(n).inputs[0], "Pad");
    if (pad == nullptr) continue;
    const auto pads = ZeroPads(rewriter, *pad);
    if (!pads) continue;
    const size_t rank = pads->size() / 2, spatial = rank - 2;
    if (!TakesPadding(rewriter.node(n), spatial)) continue;
    Node node = rewriter.node(n);
    std::vector<int64_t> total = node.Ints("pads", std::vector<int64_t>(spatial * 2, 0));
    if (total.empty()) total.assign(spatial * 2, 0);
    for (size_t i = 0; i < spatial; ++i) {
      total[i] += (*pads)[2 + i];
      total[spatial + i] += (*pads)[rank + 2 + i];
    }
    node.attributes["pads"] = total;
    if (node.Is("AveragePool")) node.attributes["count_include_pad"] = int64_t{1};
    node.inputs[0] = pad->inputs[0];
    rewriter.Become(n, std::move(node));
    ++changes;
  }
  return changes;
}

}  // namespace peel::engine::passes

#include "src/engine/graph/dead_code.h"

#include <utility>
#include <vector>

#include "src/engine/graph/schema.h"

namespace peel::engine {
namespace {

int LeaveOutUnreadOutputs(Node& node, const std::vector<char>& needed) {
  const OpSchema* schema = FindSchema(node.domain, node.op_type, node.opset);
  if (schema == nullptr) return 0;
  int changes = 0;
  for (size_t i = static_cast<size_t>(schema->min_outputs); i < node.outputs.size(); ++i) {
    ValueId& v = node.outputs[i];
    if (schema->max_outputs < 0 || v == kNone || needed[static_cast<size_t>(v)]) continue;
    v = kNone;
    ++changes;
  }
  while (node.outputs.size() > 1 && node.outputs.back() == kNone) node.outputs.pop_back();
  return changes;
}

}  // namespace

int RemoveDeadCode(Graph& graph) {
  std::vector<char> needed(graph.values.size(), 0);
  for (const Port& port : graph.outputs) needed[static_cast<size_t>(port.value)] = 1;
  std::vector<char> keep(graph.nodes.size(), 0);
  // Producers stand before consumers, so one walk from the end finds everything.
  for (size_t n = graph.nodes.size(); n-- > 0;) {
    for (const ValueId v : graph.nodes[n].outputs) {
      keep[n] |= v != kNone && needed[static_cast<size_t>(v)];
    }
    if (!keep[n]) continue;
    for (const ValueId v : graph.nodes[n].inputs) {
      if (v != kNone) needed[static_cast<size_t>(v)] = 1;
    }
  }
  int changes = 0;
  std::vector<Node> nodes;
  nodes.reserve(graph.nodes.size());
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    if (!keep[n]) {
      ++changes;
      continue;
    }
    changes += LeaveOutUnreadOutputs(graph.nodes[n], needed);
    nodes.push_back(std::move(graph.nodes[n]));
  }
  graph.nodes = std::move(nodes);
  for (size_t v = 0; v < graph.values.size(); ++v) {
    if (!needed[v]) graph.values[v].constant = Tensor();
  }
  return changes;
}

}  // namespace peel::engine

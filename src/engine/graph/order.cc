#include "src/engine/graph/order.h"

#include <utility>
#include <vector>

namespace peel::engine {

void SortNodes(Graph& graph) {
  const std::vector<NodeId> producers = graph.Producers();
  enum : char { kNew, kOpen, kDone };
  std::vector<char> state(graph.nodes.size(), kNew);
  std::vector<NodeId> order, stack;
  order.reserve(graph.nodes.size());
  for (size_t start = 0; start < graph.nodes.size(); ++start) {
    if (state[start] == kNew) stack.push_back(static_cast<NodeId>(start));
    while (!stack.empty()) {
      const NodeId n = stack.back();
      char& mark = state[static_cast<size_t>(n)];
      if (mark != kNew) {  // all that it reads has been put before it
        stack.pop_back();
        if (mark == kOpen) order.push_back(n);
        mark = kDone;
        continue;
      }
      mark = kOpen;
      for (const ValueId v : graph.nodes[static_cast<size_t>(n)].inputs) {
        const NodeId producer = v == kNone ? kNone : producers[static_cast<size_t>(v)];
        if (producer != kNone && state[static_cast<size_t>(producer)] == kNew) {
          stack.push_back(producer);
        }
      }
    }
  }
  std::vector<Node> sorted;
  sorted.reserve(order.size());
  for (const NodeId n : order) sorted.push_back(std::move(graph.nodes[static_cast<size_t>(n)]));
  graph.nodes = std::move(sorted);
}

}  // namespace peel::engine

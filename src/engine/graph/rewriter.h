#pragma once

#include <vector>

#include "src/engine/graph/graph.h"

namespace peel::engine {

// Edits a graph while knowing who reads and who computes each value, at a cost in proportion to
// what an edit touches (a hostile file may have millions of nodes). Removed nodes leave the graph
// when the rewriter goes; until then node ids stay what they are.
class Rewriter {
 public:
  explicit Rewriter(Graph& graph);
  ~Rewriter();
  Rewriter(const Rewriter&) = delete;
  Rewriter& operator=(const Rewriter&) = delete;

  Graph& graph() { return graph_; }
  const Graph& graph() const { return graph_; }
  NodeId node_count() const { return static_cast<NodeId>(graph_.nodes.size()); }
  bool removed(NodeId n) const { return removed_[static_cast<size_t>(n)] != 0; }
  const Node& node(NodeId n) const { return graph_.nodes[static_cast<size_t>(n)]; }

  // kNone for inputs, constants and values that nothing computes.
  NodeId Producer(ValueId v) const;
  // The producer where it is the given operator; null otherwise.
  const Node* ProducerIs(ValueId v, std::string_view op, std::string_view domain = "") const;
  bool IsOutput(ValueId v) const { return output_uses_[static_cast<size_t>(v)] > 0; }
  // Operands that read it, a node that reads it twice counted twice, and graph outputs.
  int Uses(ValueId v) const;
  // The only node that reads it, where one node reads it once and it is no graph output.
  NodeId SoleReader(ValueId v);
  // The constant, null where the value is left out or not known.
  const Tensor* Constant(ValueId v) const;

  ValueId AddConstant(std::string name, Tensor tensor);
  // A value that some node to come will compute.
  ValueId AddValue(std::string name, DataType type);

  // A new node behind all others. Nodes before it may read what it computes: then SortNodes
  // (order.h) must put the graph in order once the rewriter is gone. References to nodes are
  // void afterwards.
  NodeId Add(Node node);

  // Everyone who reads from, the graph's outputs included, reads to instead.
  void Replace(ValueId from, ValueId to);
  // The node's new contents; what it computed before and does not now has no producer any more.
  void Become(NodeId n, Node contents);
  void Remove(NodeId n);

 private:
  void Link(NodeId n);
  void Unlink(NodeId n);
  void Grow();

  Graph& graph_;
  std::vector<char> removed_;
  std::vector<NodeId> producers_;
  std::vector<int> node_uses_, output_uses_;
  std::vector<std::vector<NodeId>> readers_;  // may hold nodes that read it no longer
};

}  // namespace peel::engine

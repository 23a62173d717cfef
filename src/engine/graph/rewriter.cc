#include "src/engine/graph/rewriter.h"

#include <algorithm>
#include <utility>

namespace peel::engine {
namespace {

size_t At(int32_t id) { return static_cast<size_t>(id); }

bool Reads(const Node& node, ValueId v) {
  return std::find(node.inputs.begin(), node.inputs.end(), v) != node.inputs.end();
}

}  // namespace

Rewriter::Rewriter(Graph& graph) : graph_(graph), removed_(graph.nodes.size(), 0) {
  Grow();
  for (NodeId n = 0; n < node_count(); ++n) Link(n);
  for (const Port& port : graph_.outputs) ++output_uses_[At(port.value)];
}

Rewriter::~Rewriter() {
  size_t kept = 0;
  for (size_t n = 0; n < graph_.nodes.size(); ++n) {
    if (removed_[n]) continue;
    if (kept != n) graph_.nodes[kept] = std::move(graph_.nodes[n]);
    ++kept;
  }
  graph_.nodes.resize(kept);
}

void Rewriter::Grow() {
  producers_.resize(graph_.values.size(), kNone);
  node_uses_.resize(graph_.values.size(), 0);
  output_uses_.resize(graph_.values.size(), 0);
  readers_.resize(graph_.values.size());
}

void Rewriter::Link(NodeId n) {
  for (const ValueId v : node(n).inputs) {
    if (v == kNone) continue;
    ++node_uses_[At(v)];
    readers_[At(v)].push_back(n);
  }
  for (const ValueId v : node(n).outputs) {
    if (v != kNone) producers_[At(v)] = n;
  }
}

void Rewriter::Unlink(NodeId n) {
  for (const ValueId v : node(n).inputs) {
    if (v != kNone) --node_uses_[At(v)];
  }
  for (const ValueId v : node(n).outputs) {
    // Another node may have taken the value over already.
    if (v != kNone && producers_[At(v)] == n) producers_[At(v)] = kNone;
  }
}

NodeId Rewriter::Producer(ValueId v) const { return v == kNone ? kNone : producers_[At(v)]; }

const Node* Rewriter::ProducerIs(ValueId v, std::string_view op, std::string_view domain) const {
  const NodeId n = Producer(v);
  return n != kNone && node(n).Is(op, domain) ? &node(n) : nullptr;
}

int Rewriter::Uses(ValueId v) const { return node_uses_[At(v)] + output_uses_[At(v)]; }

NodeId Rewriter::SoleReader(ValueId v) {
  if (node_uses_[At(v)] != 1 || output_uses_[At(v)] != 0) return kNone;
  std::vector<NodeId>& readers = readers_[At(v)];
  while (!readers.empty()) {
    const NodeId n = readers.back();
    if (!removed(n) && Reads(node(n), v)) return n;
    readers.pop_back();
  }
  return kNone;
}

const Tensor* Rewriter::Constant(ValueId v) const {
  if (v == kNone || !graph_.value(v).is_constant()) return nullptr;
  return &graph_.value(v).constant;
}

ValueId Rewriter::AddConstant(std::string name, Tensor tensor) {
  Value value;
  value.name = std::move(name);
  value.type = tensor.type();
  value.shape = tensor.shape();
  value.constant = std::move(tensor);
  const ValueId id = graph_.AddValue(std::move(value));
  Grow();
  return id;
}

ValueId Rewriter::AddValue(std::string name, DataType type) {
  Value value;
  value.name = std::move(name);
  value.type = type;
  const ValueId id = graph_.AddValue(std::move(value));
  Grow();
  return id;
}

NodeId Rewriter::Add(Node node) {
  const NodeId n = node_count();
  graph_.nodes.push_back(std::move(node));
  removed_.push_back(0);
  Link(n);
  return n;
}

void Rewriter::Replace(ValueId from, ValueId to) {
  const std::vector<NodeId> readers = std::move(readers_[At(from)]);
  readers_[At(from)].clear();
  for (const NodeId n : readers) {
    if (removed(n)) continue;
    for (ValueId& v : graph_.nodes[At(n)].inputs) {
      if (v != from) continue;
      v = to;
      --node_uses_[At(from)];
      ++node_uses_[At(to)];
      readers_[At(to)].push_back(n);
    }
  }
  if (output_uses_[At(from)] == 0) return;
  for (Port& port : graph_.outputs) {
    if (port.value == from) port.value = to;
  }
  output_uses_[At(to)] += std::exchange(output_uses_[At(from)], 0);
}

void Rewriter::Become(NodeId n, Node contents) {
  Unlink(n);
  graph_.nodes[At(n)] = std::move(contents);
  Link(n);
}

void Rewriter::Remove(NodeId n) {
  Unlink(n);
  removed_[At(n)] = 1;
}

}  // namespace peel::engine

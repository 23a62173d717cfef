#include "src/engine/graph/graph.h"

#include <utility>

namespace peel::engine {
namespace {

template <typename T>
const T* Find(const Node& node, std::string_view key) {
  const auto it = node.attributes.find(key);
  return it == node.attributes.end() ? nullptr : std::get_if<T>(&it->second);
}

template <typename T>
T FindOr(const Node& node, std::string_view key, T fallback) {
  const T* found = Find<T>(node, key);
  return found ? *found : std::move(fallback);
}

}  // namespace

int64_t Node::Int(std::string_view key, int64_t fallback) const {
  return FindOr<int64_t>(*this, key, fallback);
}
float Node::Float(std::string_view key, float fallback) const {
  return FindOr<float>(*this, key, fallback);
}
std::string Node::String(std::string_view key, std::string fallback) const {
  return FindOr<std::string>(*this, key, std::move(fallback));
}
std::vector<int64_t> Node::Ints(std::string_view key, std::vector<int64_t> fallback) const {
  return FindOr<std::vector<int64_t>>(*this, key, std::move(fallback));
}
std::vector<float> Node::Floats(std::string_view key, std::vector<float> fallback) const {
  return FindOr<std::vector<float>>(*this, key, std::move(fallback));
}
const Tensor* Node::TensorAttribute(std::string_view key) const { return Find<Tensor>(*this, key); }

std::string Node::Describe() const {
  return (domain.empty() ? op_type : domain + "." + op_type) + " '" + name + "'";
}

ValueId Graph::AddValue(Value value) {
  values.push_back(std::move(value));
  return static_cast<ValueId>(values.size() - 1);
}

std::vector<NodeId> Graph::Producers() const {
  std::vector<NodeId> producers(values.size(), kNone);
  for (size_t n = 0; n < nodes.size(); ++n) {
    for (const ValueId v : nodes[n].outputs) {
      if (v != kNone) producers[static_cast<size_t>(v)] = static_cast<NodeId>(n);
    }
  }
  return producers;
}

std::vector<std::vector<NodeId>> Graph::Consumers() const {
  std::vector<std::vector<NodeId>> consumers(values.size());
  for (size_t n = 0; n < nodes.size(); ++n) {
    for (const ValueId v : nodes[n].inputs) {
      if (v != kNone) consumers[static_cast<size_t>(v)].push_back(static_cast<NodeId>(n));
    }
  }
  return consumers;
}

Status Graph::Verify() const {
  std::vector<char> known(values.size(), 0);
  const auto in_range = [&](ValueId v) { return v >= 0 && static_cast<size_t>(v) < values.size(); };
  for (size_t v = 0; v < values.size(); ++v) known[v] = values[v].is_constant();
  for (const Port& port : inputs) {
    if (!in_range(port.value)) return Corrupt("input '" + port.name + "' names no value");
    known[static_cast<size_t>(port.value)] = 1;
  }
  for (const Node& node : nodes) {
    for (const ValueId v : node.inputs) {
      if (v == kNone) continue;
      if (!in_range(v)) return Corrupt(node.Describe() + " reads a value that does not exist");
      if (!known[static_cast<size_t>(v)]) {
        return Corrupt(node.Describe() + " reads '" + value(v).name +
                       "', which nothing before it computes (a cycle, or a missing node)");
      }
    }
    for (const ValueId v : node.outputs) {
      if (v == kNone) continue;
      if (!in_range(v)) return Corrupt(node.Describe() + " writes a value that does not exist");
      if (known[static_cast<size_t>(v)]) {
        return Corrupt(node.Describe() + " computes '" + value(v).name + "', which exists already");
      }
      known[static_cast<size_t>(v)] = 1;
    }
  }
  for (const Port& port : outputs) {
    if (!in_range(port.value) || !known[static_cast<size_t>(port.value)]) {
      return Corrupt("output '" + port.name + "' is computed by no node");
    }
  }
  return OkStatus();
}

}  // namespace peel::engine

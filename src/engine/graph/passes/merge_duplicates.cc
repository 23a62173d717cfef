// Of several nodes that compute the same from the same operands one is left.
#include <cstring>
#include <string>
#include <unordered_map>

#include "src/engine/graph/passes/passes.h"
#include "src/engine/graph/rewriter.h"
#include "src/engine/graph/schema.h"

namespace peel::engine::passes {
namespace {

template <typename T>
void Append(std::string& key, const T& number) {
  char bytes[sizeof(T)];
  std::memcpy(bytes, &number, sizeof(T));
  key.append(bytes, sizeof(T));
}
void Append(std::string& key, const std::string& text) {
  Append(key, text.size());
  key += text;
}
template <typename T>
void Append(std::string& key, const std::vector<T>& list) {
  Append(key, list.size());
  for (const T& entry : list) Append(key, entry);
}

// Equal for equal computations; empty where that is not cheap to tell (tensors as attributes).
std::string KeyOf(const Node& node) {
  std::string key;
  Append(key, node.op_type);
  Append(key, node.domain);
  Append(key, node.opset);
  Append(key, node.inputs);
  Append(key, node.outputs.size());
  for (const auto& [name, attribute] : node.attributes) {
    if (std::holds_alternative<Tensor>(attribute)) return "";
    Append(key, name);
    Append(key, attribute.index());
    std::visit(
        [&](const auto& value) {
          if constexpr (!std::is_same_v<std::decay_t<decltype(value)>, Tensor>) Append(key, value);
        },
        attribute);
  }
  return key;
}

}  // namespace

Result<int> MergeDuplicates(Graph& graph, const PassContext&) {
  Rewriter rewriter(graph);
  std::unordered_map<std::string, NodeId> seen;
  int changes = 0;
  for (NodeId n = 0; n < rewriter.node_count(); ++n) {
    const Node& node = rewriter.node(n);
    // Only operators known to compute nothing random.
    if (node.inputs.empty() || FindSchema(node.domain, node.op_type, node.opset) == nullptr) {
      continue;
    }
    std::string key = KeyOf(node);
    if (key.empty()) continue;
    const auto [it, added] = seen.emplace(std::move(key), n);
    if (added) continue;
    const Node& first = rewriter.node(it->second);
    bool replaceable = true;
    for (size_t i = 0; i < node.outputs.size(); ++i) {
      const bool here = node.outputs[i] != kNone, there = first.outputs[i] != kNone;
      replaceable = replaceable && here == there && !(here && rewriter.IsOutput(node.outputs[i]));
    }
    if (!replaceable) continue;
    for (size_t i = 0; i < node.outputs.size(); ++i) {
      if (node.outputs[i] != kNone) rewriter.Replace(node.outputs[i], first.outputs[i]);
    }
    rewriter.Remove(n);
    ++changes;
  }
  return changes;
}

}  // namespace peel::engine::passes

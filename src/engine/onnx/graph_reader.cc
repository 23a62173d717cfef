#include "src/engine/onnx/graph_reader.h"

#include <functional>
#include <optional>
#include <protozero/pbf_reader.hpp>
#include <queue>
#include <unordered_map>
#include <utility>
#include <vector>

#include "src/engine/onnx/attribute_reader.h"
#include "src/engine/onnx/raw_graph.h"
#include "src/engine/onnx/reader.h"

namespace peel::engine {
namespace {

// Builds the graph: first what feeds what by name, then only what the outputs need is decoded.
class Builder {
 public:
  Builder(RawGraph raw, const ModelFields& model, TensorReader& tensors, Graph& graph)
      : raw_(std::move(raw)), model_(model), tensors_(tensors), graph_(graph) {}

  Status Build() {
    graph_.name = std::move(raw_.name);
    PEEL_RETURN_IF_ERROR(IndexInitialisers());
    PEEL_RETURN_IF_ERROR(IndexNodes());
    PEEL_RETURN_IF_ERROR(ReadInputs());
    PEEL_RETURN_IF_ERROR(ReadOutputs());
    MarkNeeded();
    PEEL_RETURN_IF_ERROR(Sort());
    for (const size_t n : order_) {
      Status status = AddNode(raw_.nodes[n]);
      if (!status.ok()) return std::move(status).WithContext(raw_.nodes[n].Describe());
    }
    for (Port& port : graph_.outputs) {
      PEEL_ASSIGN_OR_RETURN(port.value, Use(port.name));
    }
    return OkStatus();
  }

 private:
  enum class Source : uint8_t { kInput, kInitialiser, kSparse, kNode };
  struct Origin {
    Source source;
    size_t index;
  };

  Status Define(const std::string& name, Source source, size_t index) {
    if (origins_.emplace(name, Origin{source, index}).second) return OkStatus();
    return Corrupt("the name '" + name + "' is defined twice");
  }

  Status IndexInitialisers() {
    for (size_t i = 0; i < raw_.initialisers.size(); ++i) {
      const std::string name = TensorReader::Name(raw_.initialisers[i]);
      if (name.empty()) return Corrupt("an initialiser has no name");
      PEEL_RETURN_IF_ERROR(Define(name, Source::kInitialiser, i));
    }
    for (size_t i = 0; i < raw_.sparse_initialisers.size(); ++i) {
      // Its name is that of its tensor of values (field 1).
      protozero::pbf_reader reader(raw_.sparse_initialisers[i]);
      std::string name;
      while (reader.next(1, protozero::pbf_wire_type::length_delimited)) {
        name = TensorReader::Name(reader.get_view());
      }
      if (!name.empty()) PEEL_RETURN_IF_ERROR(Define(name, Source::kSparse, i));
    }
    return OkStatus();
  }

  Status IndexNodes() {
    for (size_t n = 0; n < raw_.nodes.size(); ++n) {
      const RawNode& node = raw_.nodes[n];
      if (node.op_type.empty()) return Corrupt("node '" + node.name + "' names no operator");
      for (const std::string& name : node.outputs) {
        if (!name.empty()) PEEL_RETURN_IF_ERROR(Define(name, Source::kNode, n));
      }
    }
    return OkStatus();
  }

  Status ReadInputs() {
    std::set<std::string> seen;
    for (const protozero::data_view message : raw_.inputs) {
      // Until IR version 3 every initialiser had to be listed as an input too; it is none, and its
      // declared type is not needed.
      std::optional<protozero::data_view> type;
      const std::string name = ReadValueInfo(message, &type);
      if (!seen.insert(name).second) return Corrupt("input '" + name + "' is declared twice");
      const auto origin = origins_.find(name);
      if (origin != origins_.end() && (origin->second.source == Source::kInitialiser ||
                                       origin->second.source == Source::kSparse)) {
        continue;
      }
      PEEL_ASSIGN_OR_RETURN(Port port, ReadPort(message, "input"));
      if (port.type == DataType::kUndefined) {
        return Corrupt("input '" + port.name + "' has no element type");
      }
      PEEL_RETURN_IF_ERROR(Define(port.name, Source::kInput, graph_.inputs.size()));
      Value value;
      value.name = port.name;
      value.type = port.type;
      bool concrete = port.has_shape;
      for (const int64_t extent : port.shape) concrete = concrete && extent >= 0;
      if (concrete) value.shape = port.shape;
      port.value = graph_.AddValue(std::move(value));
      ids_.emplace(port.name, port.value);
      graph_.inputs.push_back(std::move(port));
    }
    return OkStatus();
  }

  Status ReadOutputs() {
    for (const protozero::data_view message : raw_.outputs) {
      PEEL_ASSIGN_OR_RETURN(Port port, ReadPort(message, "output"));
      if (!origins_.contains(port.name)) {
        return Corrupt("output '" + port.name + "' is computed by no node");
      }
      graph_.outputs.push_back(std::move(port));
    }
    if (graph_.outputs.empty()) return Corrupt("the graph has no outputs");
    return OkStatus();
  }

  void MarkNeeded() {
    needed_.assign(raw_.nodes.size(), 0);
    std::vector<size_t> stack;
    const auto need = [&](const std::string& name) {
      const auto origin = origins_.find(name);
      if (origin == origins_.end() || origin->second.source != Source::kNode) return;
      if (needed_[origin->second.index]) return;
      needed_[origin->second.index] = 1;
      stack.push_back(origin->second.index);
    };
    for (const Port& port : graph_.outputs) need(port.name);
    while (!stack.empty()) {
      const size_t n = stack.back();
      stack.pop_back();
      for (const std::string& name : raw_.nodes[n].inputs) need(name);
    }
  }

  // The standard demands topological order; files that break it exist and are sorted here. Nodes
  // that are in order already stay where they are.
  Status Sort() {
    std::vector<size_t> missing(raw_.nodes.size(), 0);
    std::vector<std::vector<size_t>> readers(raw_.nodes.size());
    std::priority_queue<size_t, std::vector<size_t>, std::greater<>> ready;
    size_t total = 0;
    for (size_t n = 0; n < raw_.nodes.size(); ++n) {
      if (!needed_[n]) continue;
      ++total;
      for (const std::string& name : raw_.nodes[n].inputs) {
        if (name.empty()) continue;
        const auto origin = origins_.find(name);
        if (origin == origins_.end()) {
          return Corrupt(raw_.nodes[n].Describe() + " reads '" + name +
                         "', which is neither an input nor computed by a node");
        }
        if (origin->second.source != Source::kNode) continue;
        ++missing[n];
        readers[origin->second.index].push_back(n);
      }
      if (missing[n] == 0) ready.push(n);
    }
    order_.reserve(total);
    while (!ready.empty()) {
      const size_t n = ready.top();
      ready.pop();
      order_.push_back(n);
      for (const size_t reader : readers[n]) {
        if (--missing[reader] == 0) ready.push(reader);
      }
    }
    if (order_.size() == total) return OkStatus();
    for (size_t n = 0; n < raw_.nodes.size(); ++n) {
      if (needed_[n] && missing[n] > 0) {
        return Corrupt(raw_.nodes[n].Describe() + " waits for its own result (a cycle)");
      }
    }
    return Internal("a graph that cannot be sorted has no cycle");
  }

  // The value of that name; initialisers are decoded when they are first used.
  Result<ValueId> Use(const std::string& name) {
    const auto known = ids_.find(name);
    if (known != ids_.end()) return known->second;
    const auto origin = origins_.find(name);
    if (origin == origins_.end()) return Internal("'" + name + "' has no origin");
    if (origin->second.source == Source::kSparse) {
      return Unsupported("initialiser '" + name + "' is sparse, which is not supported");
    }
    Value value;
    value.name = name;
    if (origin->second.source == Source::kInitialiser) {
      auto tensor = tensors_.Read(raw_.initialisers[origin->second.index]);
      if (!tensor.ok()) {
        return std::move(tensor).status().WithContext("initialiser '" + name + "'");
      }
      value.constant = *std::move(tensor);
      value.type = value.constant.type();
      value.shape = value.constant.shape();
    }
    const ValueId id = graph_.AddValue(std::move(value));
    ids_.emplace(name, id);
    return id;
  }

  Result<int> Opset(const RawNode& raw) const {
    if (model_.functions.contains({raw.domain, raw.op_type})) {
      return Unsupported("is a function that the model defines itself, which is not supported");
    }
    const auto opset = model_.opsets.find(raw.domain);
    if (opset == model_.opsets.end()) {
      return Corrupt("is of the operator set '" + (raw.domain.empty() ? "ai.onnx" : raw.domain) +
                     "', which the model does not import");
    }
    if (raw.domain.empty() && (opset->second < kMinOpset || opset->second > kMaxOpset)) {
      return Unsupported("is of version " + std::to_string(opset->second) +
                         " of the operator set; supported are " + std::to_string(kMinOpset) +
                         " to " + std::to_string(kMaxOpset) +
                         ". Export the model anew with one of these");
    }
    return opset->second;
  }

  Status AddNode(const RawNode& raw) {
    Node node;
    PEEL_ASSIGN_OR_RETURN(node.opset, Opset(raw));
    node.name = raw.name;
    node.op_type = raw.op_type;
    node.domain = raw.domain;
    for (const protozero::data_view message : raw.attributes) {
      PEEL_ASSIGN_OR_RETURN(auto attribute, ReadAttribute(message, tensors_));
      const std::string name = attribute.first;
      if (!node.attributes.insert(std::move(attribute)).second) {
        return Corrupt("has the attribute '" + name + "' twice");
      }
    }
    for (const std::string& name : raw.inputs) {
      ValueId id = kNone;
      if (!name.empty()) {
        PEEL_ASSIGN_OR_RETURN(id, Use(name));
      }
      node.inputs.push_back(id);
    }
    for (const std::string& name : raw.outputs) {
      ValueId id = kNone;
      if (!name.empty()) {
        PEEL_ASSIGN_OR_RETURN(id, Use(name));
      }
      node.outputs.push_back(id);
    }
    graph_.nodes.push_back(std::move(node));
    return OkStatus();
  }

  RawGraph raw_;
  const ModelFields& model_;
  TensorReader& tensors_;
  Graph& graph_;
  std::unordered_map<std::string, Origin> origins_;
  std::unordered_map<std::string, ValueId> ids_;
  std::vector<char> needed_;
  std::vector<size_t> order_;
};

}  // namespace

Status ReadGraphProto(protozero::data_view message, const ModelFields& model, TensorReader& tensors,
                      Graph& graph) {
  graph.opsets = model.opsets;
  return Builder(ReadRawGraph(message), model, tensors, graph).Build();
}

}  // namespace peel::engine

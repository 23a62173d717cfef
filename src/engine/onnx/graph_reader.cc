#include "src/engine/onnx/graph_reader.h"

#include <functional>
#include <optional>
#include <protozero/pbf_reader.hpp>
#include <queue>
#include <unordered_map>
#include <utility>
#include <vector>

#include "src/engine/onnx/attribute_reader.h"
#include "src/engine/onnx/reader.h"
#include "src/engine/onnx/wire.h"

namespace peel::engine {
namespace {

// A node as far as it is read before it is known whether anything needs it.
struct RawNode {
  std::string name, op_type, domain;
  std::vector<std::string> inputs, outputs;
  std::vector<protozero::data_view> attributes;

  std::string Describe() const {
    return (domain.empty() ? op_type : domain + "." + op_type) + " '" + name + "'";
  }
};

struct RawGraph {
  std::string name;
  std::vector<RawNode> nodes;
  std::vector<protozero::data_view> initialisers, sparse_initialisers, inputs, outputs;
};

RawNode ReadRawNode(protozero::data_view message) {
  RawNode node;
  protozero::pbf_reader reader(message);
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case wire::Bytes(1):
        node.inputs.push_back(reader.get_string());
        break;
      case wire::Bytes(2):
        node.outputs.push_back(reader.get_string());
        break;
      case wire::Bytes(3):
        node.name = reader.get_string();
        break;
      case wire::Bytes(4):
        node.op_type = reader.get_string();
        break;
      case wire::Bytes(5):
        node.attributes.push_back(reader.get_view());
        break;
      case wire::Bytes(7):
        node.domain = NormalDomain(reader.get_string());
        break;
      default:
        reader.skip();
    }
  }
  return node;
}

RawGraph ReadRawGraph(protozero::data_view message) {
  RawGraph raw;
  protozero::pbf_reader reader(message);
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case wire::Bytes(1): {
        RawNode node = ReadRawNode(reader.get_view());
        if (node.name.empty()) {
          node.name = node.op_type + "_" + std::to_string(raw.nodes.size());
        }
        raw.nodes.push_back(std::move(node));
        break;
      }
      case wire::Bytes(2):
        raw.name = reader.get_string();
        break;
      case wire::Bytes(5):
        raw.initialisers.push_back(reader.get_view());
        break;
      case wire::Bytes(11):
        raw.inputs.push_back(reader.get_view());
        break;
      case wire::Bytes(12):
        raw.outputs.push_back(reader.get_view());
        break;
      case wire::Bytes(15):
        raw.sparse_initialisers.push_back(reader.get_view());
        break;
      default:
        reader.skip();
    }
  }
  return raw;
}

// TensorShapeProto.
void ReadShape(protozero::data_view message, Port* port) {
  port->has_shape = true;
  protozero::pbf_reader shape(message);
  while (shape.next(1, protozero::pbf_wire_type::length_delimited)) {
    int64_t extent = -1;
    std::string name;
    protozero::pbf_reader dim(shape.get_view());
    while (dim.next()) {
      switch (dim.tag_and_type()) {
        case wire::Varint(1):
          extent = dim.get_int64();
          break;
        case wire::Bytes(2):
          name = dim.get_string();
          break;
        default:
          dim.skip();
      }
    }
    // Exporters write 0 or a negative number for "any" nearly as often as they leave it out.
    if (extent <= 0) extent = -1;
    if (extent > 0) name.clear();
    port->shape.push_back(extent);
    port->dim_names.push_back(std::move(name));
  }
}

// TypeProto.
Status ReadType(protozero::data_view message, Port* port) {
  protozero::pbf_reader type(message);
  while (type.next()) {
    switch (type.tag_and_type()) {
      case wire::Bytes(1): {
        protozero::pbf_reader tensor(type.get_view());
        while (tensor.next()) {
          switch (tensor.tag_and_type()) {
            case wire::Varint(1): {
              PEEL_ASSIGN_OR_RETURN(port->type, DataTypeFromOnnx(tensor.get_int64()));
              break;
            }
            case wire::Bytes(2):
              port->shape.clear();
              port->dim_names.clear();
              ReadShape(tensor.get_view(), port);
              break;
            default:
              tensor.skip();
          }
        }
        break;
      }
      case wire::Bytes(4):
        return Unsupported("is a sequence, which is not supported");
      case wire::Bytes(5):
        return Unsupported("is a map, which is not supported");
      case wire::Bytes(8):
        return Unsupported("is a sparse tensor, which is not supported");
      case wire::Bytes(9):
        return Unsupported("is optional, which is not supported");
      default:
        type.skip();
    }
  }
  return OkStatus();
}

// The name of a ValueInfoProto and, where a view is asked for, its type.
std::string ReadValueInfo(protozero::data_view message, std::optional<protozero::data_view>* type) {
  std::string name;
  protozero::pbf_reader reader(message);
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case wire::Bytes(1):
        name = reader.get_string();
        break;
      case wire::Bytes(2):
        *type = reader.get_view();
        break;
      default:
        reader.skip();
    }
  }
  return name;
}

Result<Port> ReadPort(protozero::data_view message, const char* role) {
  Port port;
  std::optional<protozero::data_view> type;
  port.name = ReadValueInfo(message, &type);
  if (port.name.empty()) return Corrupt(std::string("an ") + role + " has no name");
  if (type) {
    Status status = ReadType(*type, &port);
    if (!status.ok()) {
      return std::move(status).WithContext(std::string(role) + " '" + port.name + "'");
    }
  }
  return port;
}

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

  // The standard demands topological order; files that break it exist and are set right. Nodes that
  // are in order already stay where they are.
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

std::string NormalDomain(std::string domain) {
  if (domain == "ai.onnx") domain.clear();
  return domain;
}

Status ReadGraphProto(protozero::data_view message, const ModelFields& model, TensorReader& tensors,
                      Graph& graph) {
  graph.opsets = model.opsets;
  return Builder(ReadRawGraph(message), model, tensors, graph).Build();
}

}  // namespace peel::engine

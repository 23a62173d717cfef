#include "src/engine/onnx/model_editor.h"

#include <algorithm>
#include <exception>
#include <limits>
#include <new>
#include <optional>
#include <protozero/exception.hpp>

#include "src/engine/onnx/attribute_reader.h"
#include "src/engine/onnx/edited_graph.h"
#include "src/engine/onnx/opset_upgrade.h"
#include "src/engine/onnx/raw_graph.h"
#include "src/engine/onnx/wire.h"

namespace peel::engine {
namespace {

using protozero::data_view;
using protozero::pbf_reader;
using protozero::pbf_writer;

constexpr int kUpgradedIrVersion = 7;  // the format that kUpgradedOpset came with

bool HasSubgraph(const RawNode& node) {
  for (const data_view message : node.attributes) {
    pbf_reader attribute(message);
    while (attribute.next()) {
      const auto field = attribute.tag_and_type();
      if (field == wire::Bytes(6) || field == wire::Bytes(11)) return true;
      attribute.skip();
    }
  }
  return false;
}

bool IsExternal(data_view tensor) {
  int64_t location = 0;
  pbf_reader reader(tensor);
  while (reader.next(14, protozero::pbf_wire_type::varint)) location = reader.get_int64();
  return location == 1;
}

class Editor {
 public:
  Editor(const std::string& directory, const ModelEdits& edits)
      : edits_(edits), tensors_(nullptr, directory) {}

  Result<std::string> Run(std::span<const uint8_t> source) {
    const data_view model(reinterpret_cast<const char*>(source.data()), source.size());
    PEEL_RETURN_IF_ERROR(FindOpset(model));
    upgrade_ = edits_.upgrade_opset && opset_ < kUpgradedOpset;
    std::string bytes;
    pbf_writer out(bytes);
    std::map<std::string, std::string> metadata = edits_.metadata;
    bool ir_written = false;
    pbf_reader reader(model);
    while (reader.next()) {
      switch (reader.tag_and_type()) {
        case wire::Varint(1):
          out.add_int64(1, upgrade_ ? std::max<int64_t>(reader.get_int64(), kUpgradedIrVersion)
                                    : reader.get_int64());
          ir_written = true;
          break;
        case wire::Bytes(7): {
          PEEL_ASSIGN_OR_RETURN(const std::string graph, EditGraph(reader.get_view()));
          out.add_message(7, graph);
          break;
        }
        case wire::Bytes(8):
          WriteOpset(reader.get_view(), out);
          break;
        case wire::Bytes(14): {
          const data_view entry = reader.get_view();
          if (!edits_.metadata.contains(wire::FieldText(entry, 1))) out.add_message(14, entry);
          break;
        }
        default:
          wire::CopyField(reader, out);
      }
    }
    if (!ir_written) return Corrupt("names no version of ONNX's format");
    for (const auto& [key, value] : metadata) {
      std::string entry;
      pbf_writer(entry).add_string(1, key);
      pbf_writer(entry).add_string(2, value);
      out.add_message(14, entry);
    }
    if (bytes.size() >= size_t{std::numeric_limits<int32_t>::max()}) {
      return Unsupported("the new model takes " + std::to_string(bytes.size()) +
                         " bytes; an ONNX file without external data holds less than 2 GiB");
    }
    return bytes;
  }

 private:
  Status FindOpset(data_view model) {
    pbf_reader reader(model);
    while (reader.next(8, protozero::pbf_wire_type::length_delimited)) {
      const data_view entry = reader.get_view();
      if (!NormalDomain(wire::FieldText(entry, 1)).empty()) continue;
      pbf_reader opset(entry);
      while (opset.next(2, protozero::pbf_wire_type::varint)) opset_ = opset.get_int64();
    }
    if (opset_ >= 0 && opset_ <= std::numeric_limits<int>::max()) return OkStatus();
    return Corrupt("imports no version of ONNX's own operators");
  }

  void WriteOpset(data_view entry, pbf_writer& out) const {
    if (!upgrade_ || !NormalDomain(wire::FieldText(entry, 1)).empty()) {
      out.add_message(8, entry);
      return;
    }
    std::string changed;
    pbf_writer writer(changed);
    pbf_reader reader(entry);
    while (reader.next()) {
      if (reader.tag_and_type() == wire::Varint(2)) {
        reader.skip();
      } else {
        wire::CopyField(reader, writer);
      }
    }
    writer.add_int64(2, kUpgradedOpset);
    out.add_message(8, changed);
  }

  Result<std::string> EditGraph(data_view graph) {
    PEEL_RETURN_IF_ERROR(ReadParts(graph));
    if (edited_ != edits_.nodes.size()) {
      for (const auto& [name, edit] : edits_.nodes) {
        if (!met_.contains(name)) return NotFound("no node computes '" + name + "'");
      }
    }
    for (const auto& [name, tensor] : edits_.constants) {
      PEEL_RETURN_IF_ERROR(AddConstant(name, tensor));
    }
    return graph_.Write(graph, graph_.Prune());
  }

  Status AddConstant(const std::string& name, const Tensor& tensor) {
    Initialiser added;
    added.name = name;
    PEEL_ASSIGN_OR_RETURN(added.message, wire::TensorMessage(name, tensor));
    graph_.initialisers.push_back(std::move(added));
    return OkStatus();
  }

  Status ReadParts(data_view graph) {
    pbf_reader reader(graph);
    while (reader.next()) {
      switch (reader.tag_and_type()) {
        case wire::Bytes(1):
          PEEL_RETURN_IF_ERROR(ReadNode(reader.get_view()));
          break;
        case wire::Bytes(5): {
          Initialiser initialiser;
          initialiser.source = reader.get_view();
          initialiser.name = TensorReader::Name(initialiser.source);
          if (IsExternal(initialiser.source)) {
            auto tensor = tensors_.Read(initialiser.source);
            if (!tensor.ok()) {
              return std::move(tensor).status().WithContext("initialiser '" + initialiser.name +
                                                            "'");
            }
            PEEL_ASSIGN_OR_RETURN(initialiser.message,
                                  wire::TensorMessage(initialiser.name, *tensor));
          }
          graph_.initialisers.push_back(std::move(initialiser));
          break;
        }
        case wire::Bytes(12):
          graph_.outputs.insert(wire::FieldText(reader.get_view(), 1));
          break;
        default:
          reader.skip();
      }
    }
    return OkStatus();
  }

  Status ReadNode(data_view message) {
    RawNode raw = ReadRawNode(message);
    if (HasSubgraph(raw)) {
      return Unsupported(raw.Describe() + " has a sub-graph; such models cannot be rewritten");
    }
    EditedNode edited;
    edited.source = message;
    edited.inputs = std::move(raw.inputs);
    edited.outputs = std::move(raw.outputs);
    for (const std::string& name : edited.inputs) ++graph_.uses_before[name];
    const NodeEdit* edit = nullptr;
    if (!edited.outputs.empty()) {
      const auto it = edits_.nodes.find(edited.outputs[0]);
      if (it != edits_.nodes.end()) {
        edit = &it->second;
        ++edited_;
        met_.insert(it->first);
      }
    }
    std::optional<NodeUpgrade> upgrade;
    if (upgrade_ && raw.domain.empty() && !(edit != nullptr && edit->remove)) {
      PEEL_RETURN_IF_ERROR(FindUpgrade(raw, edited.inputs, &upgrade));
    }
    if (edit != nullptr) {
      for (const wire::FileNode& added : edit->before) {
        EditedNode front;
        front.inputs = added.inputs;
        front.outputs = added.outputs;
        PEEL_ASSIGN_OR_RETURN(front.message, wire::NodeMessage(added));
        graph_.nodes.push_back(std::move(front));
      }
      edited.removed = edit->remove;
    }
    if (edit != nullptr || upgrade) PEEL_RETURN_IF_ERROR(Rewrite(edit, upgrade, edited));
    graph_.nodes.push_back(std::move(edited));
    return OkStatus();
  }

  Status FindUpgrade(const RawNode& raw, const std::vector<std::string>& inputs,
                     std::optional<NodeUpgrade>* upgrade) {
    Node node;
    node.name = raw.name;
    node.op_type = raw.op_type;
    node.domain = raw.domain;
    node.opset = static_cast<int>(opset_);
    for (const data_view message : raw.attributes) {
      auto attribute = ReadAttribute(message, tensors_);
      if (!attribute.ok()) return std::move(attribute).status().WithContext(node.Describe());
      node.attributes.insert(*std::move(attribute));
    }
    const auto rank = inputs.empty() ? edits_.ranks.end() : edits_.ranks.find(inputs[0]);
    auto found = UpgradeNode(node, rank == edits_.ranks.end() ? -1 : rank->second);
    if (!found.ok()) {
      Status status = std::move(found).status();
      return std::move(status).WithContext(node.Describe() + " of operator set " +
                                           std::to_string(opset_));
    }
    *upgrade = *std::move(found);
    return OkStatus();
  }

  // Operands first, as the edit and then the upgrade want them; all other fields as they were.
  Status Rewrite(const NodeEdit* edit, const std::optional<NodeUpgrade>& upgrade,
                 EditedNode& node) {
    const auto put = [](std::vector<std::string>& names, size_t at, const std::string& name) {
      if (names.size() <= at) names.resize(at + 1);
      names[at] = name;
    };
    std::string op_type;
    std::set<std::string> dropped;
    if (edit != nullptr) {
      for (const auto& [at, name] : edit->inputs) put(node.inputs, at, name);
      for (const auto& [at, name] : edit->outputs) put(node.outputs, at, name);
    }
    if (upgrade) {
      op_type = upgrade->op_type;
      dropped.insert(upgrade->dropped.begin(), upgrade->dropped.end());
      for (const auto& [from, to] : upgrade->moved) {
        if (from >= node.inputs.size()) continue;
        const std::string name = node.inputs[from];
        node.inputs[from].clear();
        put(node.inputs, to, name);
      }
      for (const auto& [at, tensor] : upgrade->constants) {
        const std::string name = "peel.operand." + std::to_string(made_++);
        PEEL_RETURN_IF_ERROR(AddConstant(name, tensor));
        put(node.inputs, at, name);
      }
    }
    pbf_writer out(node.message);
    for (const std::string& name : node.inputs) out.add_string(1, name);
    for (const std::string& name : node.outputs) out.add_string(2, name);
    pbf_reader reader(node.source);
    while (reader.next()) {
      switch (reader.tag_and_type()) {
        case wire::Bytes(1):
        case wire::Bytes(2):
          reader.skip();
          break;
        case wire::Bytes(4): {
          const std::string was = reader.get_string();
          out.add_string(4, op_type.empty() ? was : op_type);
          break;
        }
        case wire::Bytes(5): {
          const data_view attribute = reader.get_view();
          if (!dropped.contains(wire::FieldText(attribute, 1))) out.add_message(5, attribute);
          break;
        }
        default:
          wire::CopyField(reader, out);
      }
    }
    if (upgrade) {
      for (const auto& [name, attribute] : upgrade->added) {
        PEEL_ASSIGN_OR_RETURN(const std::string added, wire::AttributeMessage(name, attribute));
        out.add_message(5, added);
      }
    }
    return OkStatus();
  }

  const ModelEdits& edits_;
  TensorReader tensors_;
  int64_t opset_ = -1;
  bool upgrade_ = false;
  EditedGraph graph_;
  std::set<std::string> met_;  // nodes that edits are for, and that the file has
  size_t edited_ = 0;
  int made_ = 0;
};

}  // namespace

Result<std::string> EditOnnx(std::span<const uint8_t> source, const std::string& directory,
                             const ModelEdits& edits) {
  try {
    return Editor(directory, edits).Run(source);
  } catch (const protozero::exception&) {
    return Corrupt("is cut short, damaged or not an ONNX model");
  } catch (const std::bad_alloc&) {
    return OutOfMemory("needs more memory than can be had");
  }
}

}  // namespace peel::engine

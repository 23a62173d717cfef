#include "src/engine/onnx/model_editor.h"

#include <algorithm>
#include <exception>
#include <limits>
#include <new>
#include <optional>
#include <protozero/exception.hpp>

#include "src/engine/onnx/attribute_reader.h"
#include "src/engine/onnx/opset_upgrade.h"
#include "src/engine/onnx/raw_graph.h"
#include "src/engine/onnx/wire.h"

namespace peel::engine {
namespace {

using protozero::data_view;
using protozero::pbf_reader;
using protozero::pbf_writer;

constexpr int kUpgradedIrVersion = 7;  // the format that kUpgradedOpset came with

// A node of the file, or one that an edit puts in.
struct EditedNode {
  data_view source;     // empty for a new one
  std::string message;  // what is written; empty: source as it is
  std::vector<std::string> inputs, outputs;
  bool removed = false;
};

struct Initialiser {
  data_view source;
  std::string name, message;  // message as above
  bool removed = false;
};

// Only the names and the operator; attributes are decoded when they are needed.
Node ReadNodeHead(data_view message, std::vector<std::string>* inputs,
                  std::vector<std::string>* outputs, bool* has_subgraph) {
  Node node;
  pbf_reader reader(message);
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case wire::Bytes(1):
        inputs->push_back(reader.get_string());
        break;
      case wire::Bytes(2):
        outputs->push_back(reader.get_string());
        break;
      case wire::Bytes(3):
        node.name = reader.get_string();
        break;
      case wire::Bytes(4):
        node.op_type = reader.get_string();
        break;
      case wire::Bytes(5): {
        pbf_reader attribute(reader.get_view());
        while (attribute.next()) {
          const auto field = attribute.tag_and_type();
          if (field == wire::Bytes(6) || field == wire::Bytes(11)) *has_subgraph = true;
          attribute.skip();
        }
        break;
      }
      case wire::Bytes(7):
        node.domain = NormalDomain(reader.get_string());
        break;
      default:
        reader.skip();
    }
  }
  return node;
}

std::string FieldText(data_view message, uint32_t tag) {
  std::string text;
  pbf_reader reader(message);
  while (reader.next(tag, protozero::pbf_wire_type::length_delimited)) text = reader.get_string();
  return text;
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
          if (!edits_.metadata.contains(FieldText(entry, 1))) out.add_message(14, entry);
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
      if (!NormalDomain(FieldText(entry, 1)).empty()) continue;
      pbf_reader opset(entry);
      while (opset.next(2, protozero::pbf_wire_type::varint)) opset_ = opset.get_int64();
    }
    if (opset_ >= 0 && opset_ <= std::numeric_limits<int>::max()) return OkStatus();
    return Corrupt("imports no version of ONNX's own operators");
  }

  void WriteOpset(data_view entry, pbf_writer& out) const {
    if (!upgrade_ || !NormalDomain(FieldText(entry, 1)).empty()) {
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
    Prune();
    return WriteGraph(graph);
  }

  Status AddConstant(const std::string& name, const Tensor& tensor) {
    Initialiser added;
    added.name = name;
    PEEL_ASSIGN_OR_RETURN(added.message, wire::TensorMessage(name, tensor));
    initialisers_.push_back(std::move(added));
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
          initialisers_.push_back(std::move(initialiser));
          break;
        }
        case wire::Bytes(12):
          outputs_.insert(FieldText(reader.get_view(), 1));
          break;
        default:
          reader.skip();
      }
    }
    return OkStatus();
  }

  Status ReadNode(data_view message) {
    EditedNode edited;
    edited.source = message;
    bool has_subgraph = false;
    Node node = ReadNodeHead(message, &edited.inputs, &edited.outputs, &has_subgraph);
    if (has_subgraph) {
      return Unsupported(node.Describe() + " has a sub-graph; such models cannot be rewritten");
    }
    for (const std::string& name : edited.inputs) ++uses_before_[name];
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
    if (upgrade_ && node.domain.empty() && !(edit != nullptr && edit->remove)) {
      Status status = FindUpgrade(message, edited.inputs, std::move(node), &upgrade);
      if (!status.ok()) return status;
    }
    if (edit != nullptr) {
      for (const wire::FileNode& added : edit->before) {
        EditedNode front;
        front.inputs = added.inputs;
        front.outputs = added.outputs;
        PEEL_ASSIGN_OR_RETURN(front.message, wire::NodeMessage(added));
        nodes_.push_back(std::move(front));
      }
      edited.removed = edit->remove;
    }
    if (edit != nullptr || upgrade) PEEL_RETURN_IF_ERROR(Rewrite(edit, upgrade, edited));
    nodes_.push_back(std::move(edited));
    return OkStatus();
  }

  Status FindUpgrade(data_view message, const std::vector<std::string>& inputs, Node node,
                     std::optional<NodeUpgrade>* upgrade) {
    node.opset = static_cast<int>(opset_);
    pbf_reader reader(message);
    while (reader.next(5, protozero::pbf_wire_type::length_delimited)) {
      auto attribute = ReadAttribute(reader.get_view(), tensors_);
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
          if (!dropped.contains(FieldText(attribute, 1))) out.add_message(5, attribute);
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

  // Removes what was read before the edits and is not any more, from the end on so that whole
  // chains go.
  void Prune() {
    std::map<std::string, int> uses;
    for (const EditedNode& node : nodes_) {
      if (node.removed) continue;
      for (const std::string& name : node.inputs) ++uses[name];
    }
    const auto orphan = [&](const std::string& name) {
      const auto it = uses.find(name);
      return uses_before_.contains(name) && (it == uses.end() || it->second == 0) &&
             !outputs_.contains(name);
    };
    for (size_t n = nodes_.size(); n-- > 0;) {
      EditedNode& node = nodes_[n];
      if (node.removed || node.outputs.empty()) continue;
      bool any = false, all = true;
      for (const std::string& name : node.outputs) {
        if (name.empty()) continue;
        any = any || orphan(name);
        const auto it = uses.find(name);
        all = all && (it == uses.end() || it->second == 0) && !outputs_.contains(name);
      }
      if (!any || !all) continue;
      node.removed = true;
      for (const std::string& name : node.inputs) --uses[name];
    }
    for (Initialiser& initialiser : initialisers_) {
      initialiser.removed = orphan(initialiser.name);
      if (initialiser.removed) gone_.insert(initialiser.name);
    }
    std::set<std::string> computed;
    for (const EditedNode& node : nodes_) {
      if (!node.removed) computed.insert(node.outputs.begin(), node.outputs.end());
    }
    for (const EditedNode& node : nodes_) {
      if (node.source.size() == 0) continue;
      std::vector<std::string> inputs, before;
      bool unused = false;
      ReadNodeHead(node.source, &inputs, &before, &unused);
      for (const std::string& name : before) {
        if (!computed.contains(name)) gone_.insert(name);
      }
    }
  }

  std::string WriteGraph(data_view graph) const {
    std::string bytes;
    pbf_writer out(bytes);
    for (const EditedNode& node : nodes_) {
      if (node.removed) continue;
      node.message.empty() ? out.add_message(1, node.source) : out.add_message(1, node.message);
    }
    for (const Initialiser& initialiser : initialisers_) {
      if (initialiser.removed) continue;
      initialiser.message.empty() ? out.add_message(5, initialiser.source)
                                  : out.add_message(5, initialiser.message);
    }
    pbf_reader reader(graph);
    while (reader.next()) {
      switch (reader.tag_and_type()) {
        case wire::Bytes(1):
        case wire::Bytes(5):
          reader.skip();
          break;
        case wire::Bytes(11):    // an initialiser that is listed as an input goes with it
        case wire::Bytes(13): {  // types of values that are there no more
          const auto tag = reader.tag();
          const data_view info = reader.get_view();
          if (!gone_.contains(FieldText(info, 1))) out.add_message(tag, info);
          break;
        }
        default:
          wire::CopyField(reader, out);
      }
    }
    return bytes;
  }

  const ModelEdits& edits_;
  TensorReader tensors_;
  int64_t opset_ = -1;
  bool upgrade_ = false;
  std::vector<EditedNode> nodes_;
  std::vector<Initialiser> initialisers_;
  std::set<std::string> outputs_, met_, gone_;
  std::map<std::string, int> uses_before_;
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

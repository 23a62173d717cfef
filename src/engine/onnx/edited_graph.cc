#include "src/engine/onnx/edited_graph.h"

#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>

#include "src/engine/onnx/raw_graph.h"
#include "src/engine/onnx/wire.h"
#include "src/engine/onnx/wire_writer.h"

namespace peel::engine {

using protozero::data_view;
using protozero::pbf_reader;
using protozero::pbf_writer;

std::set<std::string> EditedGraph::Prune() {
  std::set<std::string> gone;
  std::map<std::string, int> uses;
  for (const EditedNode& node : nodes) {
    if (node.removed) continue;
    for (const std::string& name : node.inputs) ++uses[name];
  }
  const auto orphan = [&](const std::string& name) {
    const auto it = uses.find(name);
    return uses_before.contains(name) && (it == uses.end() || it->second == 0) &&
           !outputs.contains(name);
  };
  for (size_t n = nodes.size(); n-- > 0;) {
    EditedNode& node = nodes[n];
    if (node.removed || node.outputs.empty()) continue;
    bool any = false, all = true;
    for (const std::string& name : node.outputs) {
      if (name.empty()) continue;
      any = any || orphan(name);
      const auto it = uses.find(name);
      all = all && (it == uses.end() || it->second == 0) && !outputs.contains(name);
    }
    if (!any || !all) continue;
    node.removed = true;
    for (const std::string& name : node.inputs) --uses[name];
  }
  for (Initialiser& initialiser : initialisers) {
    initialiser.removed = orphan(initialiser.name);
    if (initialiser.removed) gone.insert(initialiser.name);
  }
  std::set<std::string> computed;
  for (const EditedNode& node : nodes) {
    if (!node.removed) computed.insert(node.outputs.begin(), node.outputs.end());
  }
  for (const EditedNode& node : nodes) {
    if (node.source.size() == 0) continue;
    for (const std::string& name : ReadRawNode(node.source).outputs) {
      if (!computed.contains(name)) gone.insert(name);
    }
  }
  return gone;
}

std::string EditedGraph::Write(data_view source, const std::set<std::string>& gone) const {
  std::string bytes;
  pbf_writer out(bytes);
  for (const EditedNode& node : nodes) {
    if (node.removed) continue;
    node.message.empty() ? out.add_message(1, node.source) : out.add_message(1, node.message);
  }
  for (const Initialiser& initialiser : initialisers) {
    if (initialiser.removed) continue;
    initialiser.message.empty() ? out.add_message(5, initialiser.source)
                                : out.add_message(5, initialiser.message);
  }
  pbf_reader reader(source);
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case wire::Bytes(1):
      case wire::Bytes(5):
        reader.skip();
        break;
      case wire::Bytes(11):    // an initialiser that is listed as an input goes with it
      case wire::Bytes(13): {  // types of values that are gone
        const auto tag = reader.tag();
        const data_view info = reader.get_view();
        if (!gone.contains(wire::FieldText(info, 1))) out.add_message(tag, info);
        break;
      }
      default:
        wire::CopyField(reader, out);
    }
  }
  return bytes;
}

}  // namespace peel::engine

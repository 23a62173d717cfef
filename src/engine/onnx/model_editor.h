#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "src/base/status.h"
#include "src/engine/graph/graph.h"
#include "src/engine/onnx/wire_writer.h"

namespace peel::engine {

// What becomes of one node of a file.
struct NodeEdit {
  bool remove = false;
  std::map<size_t, std::string> inputs, outputs;  // operand -> the value it is from now on
  std::vector<wire::FileNode> before;             // put in front of it
};

// What is to become of a file.
struct ModelEdits {
  std::map<std::string, NodeEdit> nodes;                  // by the name of the first output
  std::vector<std::pair<std::string, Tensor>> constants;  // new initialisers
  std::map<std::string, std::string> metadata;            // keys set or replaced
  bool upgrade_opset = false;        // ONNX's own operators to kUpgradedOpset, where they are older
  std::map<std::string, int> ranks;  // of values, for operators whose upgrade depends on it
};

// The source with the edits made, as the bytes of a file. All else is copied field by field, known
// or not: metadata, other operator sets, names, documentation, dead branches. What only edited
// nodes had read (weights that were replaced, casts before them) goes. External data become part of
// the file; they are looked for in directory.
//
// kNotFound for an edit of a node that the file does not have; kUnsupported for models with
// sub-graphs, whose use of outer values is not followed, for nodes that cannot be upgraded (naming
// them), and for results of 2 GiB or more; kCorrupt as ReadOnnx.
Result<std::string> EditOnnx(std::span<const uint8_t> source, const std::string& directory,
                             const ModelEdits& edits);

}  // namespace peel::engine

#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "src/base/status.h"
#include "src/engine/graph/graph.h"

namespace peel::engine {

// Up to which version of ONNX's own operators nodes can be rewritten: the first one in which
// QuantizeLinear and DequantizeLinear have an axis.
constexpr int kUpgradedOpset = 13;

// What changes in a node that moves to kUpgradedOpset so that it computes what it did.
struct NodeUpgrade {
  std::string op_type;               // the new operator; empty: as it was
  std::vector<std::string> dropped;  // attributes that go
  std::map<std::string, Attribute, std::less<>> added;
  std::vector<std::pair<size_t, Tensor>> constants;  // operand -> what was an attribute
  std::vector<std::pair<size_t, size_t>> moved;      // operand -> where it stands from now on
};

// The upgrade of a node of ONNX's own domain, nullopt where it may stay as it is. node: as the
// reader gives it (opset set, attributes decoded). rank: of its first operand, -1 where it is not
// known. Follows the change log of the operators (onnx/docs/Changelog.md). kUnsupported, without
// the node's name, for one whose meaning the newer operator does not have; node.opset from 7.
Result<std::optional<NodeUpgrade>> UpgradeNode(const Node& node, int rank);

}  // namespace peel::engine

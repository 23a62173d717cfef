#pragma once

#include <optional>
#include <protozero/data_view.hpp>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "src/engine/graph/graph.h"

namespace peel::engine {

// The messages of a GraphProto as they stand in the file: names are read, tensors and attributes
// are views of the file's bytes until something needs them. All functions throw protozero's
// exceptions where the wire format is broken.

// A node as far as it is read before it is known whether anything needs it.
struct RawNode {
  std::string name, op_type, domain;
  std::vector<std::string> inputs, outputs;
  std::vector<protozero::data_view> attributes;

  std::string Describe() const {
    return (domain.empty() ? op_type : domain + "." + op_type) + " '" + name + "'";
  }
};

// A GraphProto with its nodes in the order of the file; what else it has is left as it came.
struct RawGraph {
  std::string name;
  std::vector<RawNode> nodes;
  std::vector<protozero::data_view> initialisers, sparse_initialisers, inputs, outputs;
};

RawNode ReadRawNode(protozero::data_view message);
// Nodes without a name get one: operator and number.
RawGraph ReadRawGraph(protozero::data_view message);

// The name of a ValueInfoProto; `type` is set where it has one.
std::string ReadValueInfo(protozero::data_view message, std::optional<protozero::data_view>* type);

// A declared input or output (`role`, for errors) with type and shape; extents that are not told
// are -1. Sequences, maps, sparse and optional ones are kUnsupported.
Result<Port> ReadPort(protozero::data_view message, const char* role);

// "ai.onnx" to "".
std::string NormalDomain(std::string domain);

}  // namespace peel::engine

#pragma once

#include <map>
#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "src/engine/graph/graph.h"

// Writes the messages of onnx.proto that a model is put together from. No full protobuf: what is
// not made here is copied from a file field by field, known or not.
namespace peel::engine::wire {

// The field that the reader stands on, with its tag and wire type, to the end of out.
void CopyField(protozero::pbf_reader& reader, protozero::pbf_writer& out);

// TensorProto with raw data. kUnsupported for one that protobuf cannot hold (2 GiB and more).
Result<std::string> TensorMessage(const std::string& name, const Tensor& tensor);

// AttributeProto.
Result<std::string> AttributeMessage(const std::string& name, const Attribute& attribute);

// A node as a file has it: values by name, "" for an operand that is left out.
struct FileNode {
  std::string name, op_type, domain;
  std::vector<std::string> inputs, outputs;
  std::map<std::string, Attribute, std::less<>> attributes;
};
// NodeProto.
Result<std::string> NodeMessage(const FileNode& node);

}  // namespace peel::engine::wire

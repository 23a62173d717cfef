#include "src/engine/onnx/wire_writer.h"

#include <limits>
#include <type_traits>
#include <variant>

namespace peel::engine::wire {

void CopyField(protozero::pbf_reader& reader, protozero::pbf_writer& out) {
  const auto tag = reader.tag();
  switch (reader.wire_type()) {
    case protozero::pbf_wire_type::varint:
      out.add_uint64(tag, reader.get_uint64());
      break;
    case protozero::pbf_wire_type::fixed64:
      out.add_fixed64(tag, reader.get_fixed64());
      break;
    case protozero::pbf_wire_type::fixed32:
      out.add_fixed32(tag, reader.get_fixed32());
      break;
    default:  // the reader has refused all but these
      out.add_bytes(tag, reader.get_view());
  }
}

Result<std::string> TensorMessage(const std::string& name, const Tensor& tensor) {
  if (tensor.bytes() >= size_t{std::numeric_limits<int32_t>::max()}) {
    return Unsupported("'" + name + "' takes " + std::to_string(tensor.bytes()) +
                       " bytes; an ONNX file without external data holds less than 2 GiB");
  }
  std::string bytes;
  protozero::pbf_writer out(bytes);
  out.add_packed_int64(1, tensor.shape().begin(), tensor.shape().end());
  out.add_int32(2, static_cast<int32_t>(tensor.type()));
  out.add_string(8, name);
  out.add_bytes(9, static_cast<const char*>(tensor.raw()), tensor.bytes());
  return bytes;
}

Result<std::string> AttributeMessage(const std::string& name, const Attribute& attribute) {
  // Numbers of AttributeProto's fields and of its AttributeType.
  std::string bytes;
  protozero::pbf_writer out(bytes);
  out.add_string(1, name);
  int kind = 0;
  const Status status = std::visit(
      [&](const auto& value) -> Status {
        using T = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<T, float>) {
          out.add_float(2, value);
          kind = 1;
        } else if constexpr (std::is_same_v<T, int64_t>) {
          out.add_int64(3, value);
          kind = 2;
        } else if constexpr (std::is_same_v<T, std::string>) {
          out.add_bytes(4, value);
          kind = 3;
        } else if constexpr (std::is_same_v<T, Tensor>) {
          PEEL_ASSIGN_OR_RETURN(const std::string tensor, TensorMessage("", value));
          out.add_message(5, tensor);
          kind = 4;
        } else if constexpr (std::is_same_v<T, std::vector<float>>) {
          for (const float v : value) out.add_float(7, v);
          kind = 6;
        } else if constexpr (std::is_same_v<T, std::vector<int64_t>>) {
          for (const int64_t v : value) out.add_int64(8, v);
          kind = 7;
        } else {
          for (const std::string& v : value) out.add_bytes(9, v);
          kind = 8;
        }
        return OkStatus();
      },
      attribute);
  PEEL_RETURN_IF_ERROR(status);
  out.add_int32(20, kind);
  return bytes;
}

Result<std::string> NodeMessage(const FileNode& node) {
  std::string bytes;
  protozero::pbf_writer out(bytes);
  for (const std::string& name : node.inputs) out.add_string(1, name);
  for (const std::string& name : node.outputs) out.add_string(2, name);
  if (!node.name.empty()) out.add_string(3, node.name);
  out.add_string(4, node.op_type);
  for (const auto& [name, attribute] : node.attributes) {
    PEEL_ASSIGN_OR_RETURN(const std::string message, AttributeMessage(name, attribute));
    out.add_message(5, message);
  }
  if (!node.domain.empty()) out.add_string(7, node.domain);
  return bytes;
}

}  // namespace peel::engine::wire

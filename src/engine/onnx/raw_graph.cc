#include "src/engine/onnx/raw_graph.h"

#include <protozero/pbf_reader.hpp>
#include <utility>

#include "src/engine/onnx/tensor_reader.h"
#include "src/engine/onnx/wire.h"

namespace peel::engine {
namespace {

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

}  // namespace

std::string NormalDomain(std::string domain) {
  if (domain == "ai.onnx") domain.clear();
  return domain;
}

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

}  // namespace peel::engine

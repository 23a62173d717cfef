#pragma once

#include <cstdint>
#include <cstring>
#include <protozero/pbf_writer.hpp>
#include <string>
#include <utility>
#include <vector>

// Writes ONNX's wire format for tests, field by field and with nothing checked, so that broken
// models can be written too. Numbers are those of onnx.proto.
namespace peel::engine::testing {

// One message under construction.
class Message {
 public:
  Message& Int(uint32_t tag, int64_t value) {
    protozero::pbf_writer(bytes_).add_int64(tag, value);
    return *this;
  }
  Message& Float(uint32_t tag, float value) {
    protozero::pbf_writer(bytes_).add_float(tag, value);
    return *this;
  }
  Message& String(uint32_t tag, const std::string& value) {
    protozero::pbf_writer(bytes_).add_string(tag, value);
    return *this;
  }
  Message& Sub(uint32_t tag, const Message& value) {
    protozero::pbf_writer(bytes_).add_message(tag, value.bytes_);
    return *this;
  }
  Message& Ints(uint32_t tag, const std::vector<int64_t>& values) {
    protozero::pbf_writer(bytes_).add_packed_int64(tag, values.begin(), values.end());
    return *this;
  }
  Message& Floats(uint32_t tag, const std::vector<float>& values) {
    protozero::pbf_writer(bytes_).add_packed_float(tag, values.begin(), values.end());
    return *this;
  }
  Message& Doubles(uint32_t tag, const std::vector<double>& values) {
    protozero::pbf_writer(bytes_).add_packed_double(tag, values.begin(), values.end());
    return *this;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

// TensorProto with raw data.
template <typename T>
Message RawTensor(const std::string& name, int type, const std::vector<int64_t>& dims,
                  const std::vector<T>& values) {
  std::string raw(values.size() * sizeof(T), '\0');
  if (!values.empty()) std::memcpy(raw.data(), values.data(), raw.size());
  return Message().Ints(1, dims).Int(2, type).String(8, name).String(9, raw);
}

// ValueInfoProto; a negative extent is left symbolic as "N".
inline Message Info(const std::string& name, int type, const std::vector<int64_t>& dims) {
  Message shape;
  for (const int64_t d : dims) {
    shape.Sub(1, d < 0 ? Message().String(2, "N") : Message().Int(1, d));
  }
  return Message().String(1, name).Sub(2, Message().Sub(1, Message().Int(1, type).Sub(2, shape)));
}

// NodeProto without attributes; add them with Sub(5, ...).
inline Message NodeOf(const std::string& op, const std::vector<std::string>& inputs,
                      const std::vector<std::string>& outputs, const std::string& name = "") {
  Message node;
  for (const std::string& i : inputs) node.String(1, i);
  for (const std::string& o : outputs) node.String(2, o);
  if (!name.empty()) node.String(3, name);
  return node.String(4, op);
}

inline Message IntAttribute(const std::string& name, int64_t value) {
  return Message().String(1, name).Int(3, value).Int(20, 2);
}
inline Message IntsAttribute(const std::string& name, const std::vector<int64_t>& values) {
  return Message().String(1, name).Ints(8, values).Int(20, 7);
}

// ModelProto.
inline std::string Model(const Message& graph, int opset = 17) {
  return Message().Int(1, 8).Sub(8, Message().String(1, "").Int(2, opset)).Sub(7, graph).bytes();
}

}  // namespace peel::engine::testing

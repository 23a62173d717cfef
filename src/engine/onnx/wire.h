#pragma once

#include <cstdint>
#include <protozero/data_view.hpp>
#include <protozero/pbf_reader.hpp>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

// Small additions to protozero. A field is dispatched on its tag *and* wire type, so one that
// arrives with another wire type than the schema's is skipped like an unknown one (which is what
// protobuf does) instead of being misread.
namespace peel::engine::wire {

constexpr uint32_t Varint(uint32_t tag) {
  return protozero::tag_and_type(tag, protozero::pbf_wire_type::varint);
}
constexpr uint32_t Fixed64(uint32_t tag) {
  return protozero::tag_and_type(tag, protozero::pbf_wire_type::fixed64);
}
constexpr uint32_t Fixed32(uint32_t tag) {
  return protozero::tag_and_type(tag, protozero::pbf_wire_type::fixed32);
}
constexpr uint32_t Bytes(uint32_t tag) {
  return protozero::tag_and_type(tag, protozero::pbf_wire_type::length_delimited);
}

inline std::span<const uint8_t> Span(protozero::data_view view) {
  return {reinterpret_cast<const uint8_t*>(view.data()), view.size()};
}

// The text of the field with this tag, the last one where there are several; "" where there is
// none.
inline std::string FieldText(protozero::data_view message, uint32_t tag) {
  std::string text;
  protozero::pbf_reader reader(message);
  while (reader.next(tag, protozero::pbf_wire_type::length_delimited)) text = reader.get_string();
  return text;
}

// Repeated numbers come packed or one by one; both are legal whatever the schema says.
template <typename T>
void AppendVarints(protozero::pbf_reader& reader, std::vector<T>* out) {
  if (reader.wire_type() == protozero::pbf_wire_type::varint) {
    out->push_back(static_cast<T>(reader.get_uint64()));
    return;
  }
  for (const uint64_t v : reader.get_packed_uint64()) out->push_back(static_cast<T>(v));
}

inline void AppendFloats(protozero::pbf_reader& reader, std::vector<float>* out) {
  if (reader.wire_type() == protozero::pbf_wire_type::fixed32) {
    out->push_back(reader.get_float());
    return;
  }
  for (const float v : reader.get_packed_float()) out->push_back(v);
}

inline void AppendDoubles(protozero::pbf_reader& reader, std::vector<double>* out) {
  if (reader.wire_type() == protozero::pbf_wire_type::fixed64) {
    out->push_back(reader.get_double());
    return;
  }
  for (const double v : reader.get_packed_double()) out->push_back(v);
}

// StringStringEntryProto.
inline std::pair<std::string, std::string> ReadStringPair(protozero::data_view message) {
  std::pair<std::string, std::string> entry;
  protozero::pbf_reader reader(message);
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case Bytes(1):
        entry.first = reader.get_string();
        break;
      case Bytes(2):
        entry.second = reader.get_string();
        break;
      default:
        reader.skip();
    }
  }
  return entry;
}

}  // namespace peel::engine::wire

#include "src/library/report/thrift_writer.h"

#include <utility>

namespace peel::library {

void ThriftWriter::I32(int field, int32_t value) {
  Field(field, kI32);
  Signed(value);
}

void ThriftWriter::I64(int field, int64_t value) {
  Field(field, kI64);
  Signed(value);
}

void ThriftWriter::Text(int field, std::string_view value) {
  Field(field, kBinary);
  Varint(value.size());
  bytes_ += value;
}

void ThriftWriter::BeginStruct(int field) {
  Field(field, kStruct);
  BeginElement();
}

void ThriftWriter::BeginElement() {
  outer_.push_back(last_);
  last_ = 0;
}

void ThriftWriter::EndStruct() {
  bytes_ += '\0';
  last_ = outer_.back();
  outer_.pop_back();
}

void ThriftWriter::TextList(int field, const std::vector<std::string_view>& values) {
  ListHead(field, kBinary, values.size());
  for (const std::string_view value : values) {
    Varint(value.size());
    bytes_ += value;
  }
}

void ThriftWriter::I32List(int field, const std::vector<int32_t>& values) {
  ListHead(field, kI32, values.size());
  for (const int32_t value : values) Signed(value);
}

void ThriftWriter::BeginStructList(int field, size_t size) { ListHead(field, kStruct, size); }

std::string ThriftWriter::Finish() {
  bytes_ += '\0';
  return std::exchange(bytes_, {});
}

void ThriftWriter::Field(int field, Type type) {
  const int step = field - last_;
  last_ = field;
  if (step > 0 && step < 16) {
    bytes_ += static_cast<char>(step << 4 | type);
    return;
  }
  bytes_ += static_cast<char>(type);
  Signed(field);
}

void ThriftWriter::ListHead(int field, Type type, size_t size) {
  Field(field, kList);
  if (size < 15) {
    bytes_ += static_cast<char>(size << 4 | type);
    return;
  }
  bytes_ += static_cast<char>(0xF0 | type);
  Varint(size);
}

void ThriftWriter::Varint(uint64_t value) {
  for (; value >= 0x80; value >>= 7) bytes_ += static_cast<char>((value & 0x7F) | 0x80);
  bytes_ += static_cast<char>(value);
}

void ThriftWriter::Signed(int64_t value) {
  Varint(static_cast<uint64_t>(value) << 1 ^ static_cast<uint64_t>(value >> 63));
}

}  // namespace peel::library

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace peel::library {

// Apache Thrift's compact protocol, as far as Parquet's footer and page heads need it
// (doc/specs/thrift-compact-protocol.md of apache/thrift). Fields come in rising order.
class ThriftWriter {
 public:
  void I32(int field, int32_t value);
  void I64(int field, int64_t value);
  void Text(int field, std::string_view value);
  void BeginStruct(int field);
  void EndStruct();
  // A list's head; its elements follow by the Element calls.
  void TextList(int field, const std::vector<std::string_view>& values);
  void I32List(int field, const std::vector<int32_t>& values);
  void BeginStructList(int field, size_t size);
  void BeginElement();
  // What was written, the outermost struct ended.
  std::string Finish();

 private:
  enum Type : uint8_t { kI32 = 5, kI64 = 6, kBinary = 8, kList = 9, kStruct = 12 };
  void Field(int field, Type type);
  void ListHead(int field, Type type, size_t size);
  void Varint(uint64_t value);
  void Signed(int64_t value);

  std::string bytes_;
  int last_ = 0;            // field of the struct at hand
  std::vector<int> outer_;  // of those around it
};

}  // namespace peel::library

#include "src/library/report/parquet_writer.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "src/library/report/thrift_writer.h"

namespace peel::library {
namespace {

// tests/library/test_scan_export.py has another reader look at whole files.

struct Bytes {
  std::string text;
  ByteSink Sink() {
    return [this](std::span<const uint8_t> bytes) {
      text.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
      return OkStatus();
    };
  }
};

TEST(ThriftWriter, WritesTheCompactProtocol) {
  ThriftWriter out;
  out.I32(1, -1);    // step 1, type 5; zigzag of -1 is 1
  out.I64(20, 300);  // a step beyond 15: the number follows
  out.Text(21, "ab");
  out.BeginStruct(22);
  out.I32(1, 0);
  out.EndStruct();
  out.I32List(23, {1, 2});
  EXPECT_EQ(out.Finish(), std::string("\x15\x01\x06\x28\xd8\x04\x18\x02"
                                      "ab\x1c\x15\x00\x00\x19\x25\x02\x04\x00",
                                      19));
}

TEST(ThriftWriter, LongListsHaveTheirSizeBehind) {
  ThriftWriter out;
  out.I32List(1, std::vector<int32_t>(15, 0));
  EXPECT_EQ(out.Finish(), std::string("\x19\xf5\x0f", 3) + std::string(16, '\0'));
}

TEST(ParquetWriter, AFileWithoutRowsIsWhole) {
  ParquetWriter writer({{"a", ParquetType::kInt64}});
  Bytes file;
  ASSERT_TRUE(writer.Begin(file.Sink()).ok());
  ASSERT_TRUE(writer.End(file.Sink()).ok());
  ASSERT_GT(file.text.size(), 12U);
  EXPECT_TRUE(file.text.starts_with("PAR1"));
  EXPECT_TRUE(file.text.ends_with("PAR1"));
  uint32_t footer = 0;
  std::memcpy(&footer, file.text.data() + file.text.size() - 8, 4);
  EXPECT_EQ(footer + 12, file.text.size());
}

TEST(ParquetWriter, RowsLeaveInGroups) {
  ParquetWriter writer({{"a", ParquetType::kText}}, {.rows = 2, .bytes = 1000});
  Bytes file;
  ASSERT_TRUE(writer.Begin(file.Sink()).ok());
  std::vector<size_t> sizes;
  for (const size_t length : {3, 3, 2000, 3}) {
    writer.SetText(0, std::string(length, 'x'));
    ASSERT_TRUE(writer.EndRow(file.Sink()).ok());
    sizes.push_back(file.text.size());
  }
  EXPECT_EQ(sizes[0], 4U);        // waits
  EXPECT_GT(sizes[1], sizes[0]);  // two rows
  EXPECT_GT(sizes[2], sizes[1]);  // many bytes
  EXPECT_EQ(sizes[3], sizes[2]);
}

TEST(ParquetWriter, WhatTheSinkSaysComesBack) {
  ParquetWriter writer({{"a", ParquetType::kBool}});
  writer.SetBool(0, true);
  const ByteSink full = [](std::span<const uint8_t>) { return IoError("full"); };
  ASSERT_TRUE(writer.EndRow(full).ok());
  EXPECT_EQ(writer.End(full).code(), StatusCode::kIo);
}

}  // namespace
}  // namespace peel::library

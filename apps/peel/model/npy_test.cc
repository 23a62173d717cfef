#include "apps/peel/model/npy.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstring>
#include <numeric>

#include "src/base/os/process.h"

namespace peel::engine {
namespace {

std::vector<uint8_t> File(const std::string& header, const std::vector<uint8_t>& body,
                          int version = 1) {
  std::vector<uint8_t> bytes{0x93, 'N', 'U', 'M', 'P', 'Y', static_cast<uint8_t>(version), 0};
  bytes.push_back(static_cast<uint8_t>(header.size() & 255));
  bytes.push_back(static_cast<uint8_t>(header.size() >> 8));
  if (version > 1) bytes.insert(bytes.end(), {0, 0});
  bytes.insert(bytes.end(), header.begin(), header.end());
  bytes.insert(bytes.end(), body.begin(), body.end());
  return bytes;
}

TEST(Npy, EveryTypeGoesThereAndBack) {
  const std::string path =
      ::testing::TempDir() + "peel_npy_" + std::to_string(ProcessId()) + ".npy";
  for (const DataType type :
       {DataType::kFloat32, DataType::kFloat64, DataType::kFloat16, DataType::kBfloat16,
        DataType::kInt8, DataType::kUint8, DataType::kInt16, DataType::kUint16, DataType::kInt32,
        DataType::kUint32, DataType::kInt64, DataType::kUint64, DataType::kBool}) {
    for (const Shape& shape : {Shape{}, Shape{0}, Shape{5}, Shape{2, 3, 4}, Shape{3, 0, 2}}) {
      Tensor tensor = Tensor::Allocate(type, shape).value();
      auto* bytes = static_cast<uint8_t*>(tensor.raw());
      for (size_t i = 0; i < tensor.bytes(); ++i) {
        bytes[i] = static_cast<uint8_t>(type == DataType::kBool ? i & 1 : i * 7);
      }
      ASSERT_TRUE(WriteNpy(path, tensor).ok());
      const auto back = ReadNpy(path);
      ASSERT_TRUE(back.ok()) << back.status().message();
      EXPECT_EQ(back->type(), type);
      EXPECT_EQ(back->shape(), shape);
      EXPECT_EQ(std::memcmp(back->raw(), tensor.raw(), tensor.bytes()), 0);
      EXPECT_EQ(NpyHeader(tensor).size() % 64, 0u);
    }
  }
  std::remove(path.c_str());
}

TEST(Npy, ColumnMajorAndBigEndianAreTurned) {
  // 2x3 in columns: 1 4 2 5 3 6.
  std::vector<uint8_t> body;
  for (const int v : {1, 4, 2, 5, 3, 6}) body.insert(body.end(), {0, static_cast<uint8_t>(v)});
  for (const int version : {1, 2, 3}) {
    const auto tensor = ParseNpy(
        File("{'descr': '>i2', 'fortran_order': True, 'shape': (2, 3), }\n", body, version));
    ASSERT_TRUE(tensor.ok()) << tensor.status().message();
    EXPECT_EQ(tensor->shape(), (Shape{2, 3}));
    EXPECT_EQ(tensor->AsInt64s().value(), (std::vector<int64_t>{1, 2, 3, 4, 5, 6}));
  }
}

TEST(Npy, BadFilesAreRefused) {
  const std::vector<uint8_t> body(8, 0);
  const auto code = [&](const std::string& header) {
    return ParseNpy(File(header, body)).status().code();
  };
  EXPECT_EQ(code("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }"), StatusCode::kOk);
  for (const char* header :
       {"", "{", "{}", "{'descr': '<f4'}", "{'descr': '<f4', 'fortran_order': False}",
        "{'descr': '<f4', 'fortran_order': Maybe, 'shape': (2,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-2,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2 2)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2,",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (3,)}"}) {  // more than there is
    EXPECT_EQ(code(header), StatusCode::kCorrupt) << header;
  }
  for (const char* descr : {"'<c8'", "'|O'", "'<U5'", "'|S3'", "[('a', '<f4')]", "'<f16'"}) {
    EXPECT_EQ(code("{'descr': " + std::string(descr) + ", 'fortran_order': False, 'shape': (1,)}"),
              StatusCode::kUnsupported)
        << descr;
  }
  EXPECT_EQ(code("{'descr': '<f4', 'fortran_order': False, 'shape': "
                 "(4611686018427387904, 4611686018427387904)}"),
            StatusCode::kLimit);
  auto version9 = File("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", body);
  version9[6] = 9;
  EXPECT_EQ(ParseNpy(version9).status().code(), StatusCode::kUnsupported);
  const auto missing = ReadNpy("/nonexistent/x.npy");
  EXPECT_EQ(missing.status().code(), StatusCode::kNotFound);
  EXPECT_NE(missing.status().message().find("/nonexistent/x.npy"), std::string::npos);
  EXPECT_FALSE(ReadNpy("/").ok());
  EXPECT_EQ(WriteNpy("/nonexistent/x.npy", Tensor::Scalar(1.0f)).code(), StatusCode::kNotFound);
}

TEST(Npy, EveryTruncationIsAnError) {
  const auto whole =
      File("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", std::vector<uint8_t>(8, 0));
  ASSERT_TRUE(ParseNpy(whole).ok());
  for (size_t n = 0; n < whole.size(); ++n) {
    EXPECT_FALSE(ParseNpy(std::span(whole).first(n)).ok()) << n;
  }
}

}  // namespace
}  // namespace peel::engine

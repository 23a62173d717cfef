#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/os/replace_file.h"
#include "src/base/status.h"

namespace peel::library {

// A table written as an Apache Parquet file (format version 2.x, github.com/apache/parquet-format):
// plain values, pages compressed by gzip, every column optional. Rows come one by one, and leave as
// row groups of some ten thousand rows or some ten megabytes: memory does not grow with the table.

enum class ParquetType : uint8_t {
  kBool,
  kInt64,
  kDouble,
  kText,       // UTF-8
  kTextList,   // list<string>
  kFloatList,  // list<float>
};

struct ParquetColumn {
  std::string name;
  ParquetType type;
};

class ParquetWriter {
 public:
  // Rows and bytes of values after which a row group is written.
  struct Limits {
    size_t rows = 65536;
    size_t bytes = 32U << 20;
  };

  explicit ParquetWriter(std::vector<ParquetColumn> columns);
  ParquetWriter(std::vector<ParquetColumn> columns, Limits limits);

  // Gives the file's first bytes.
  Status Begin(const ByteSink& sink);
  // A row is set column by column, in any order, each once; EndRow ends it. What was not set is
  // NULL.
  void SetBool(size_t column, bool value);
  void SetInt64(size_t column, int64_t value);
  void SetDouble(size_t column, double value);
  void SetText(size_t column, std::string_view value);
  void SetTextList(size_t column, std::span<const std::string> values);
  void SetFloatList(size_t column, std::span<const float> values);
  // kLimit for a row whose values are too large for a page, otherwise what the sink says.
  Status EndRow(const ByteSink& sink);
  // The rows that are left, and what the file ends with.
  Status End(const ByteSink& sink);

 private:
  // Levels (how deep a value is defined, whether it goes on with a list) as runs.
  struct Runs {
    std::string bytes;
    uint32_t value = 0;
    uint64_t length = 0;
    void Add(uint32_t level, uint64_t count = 1);
    void Flush();
  };
  struct Pending {
    std::string values;
    std::vector<bool> bits;  // of booleans, instead of values
    Runs defined, repeated;
    uint64_t count = 0;  // levels
    uint64_t nulls = 0;
    bool is_set = false;  // in the row at hand
  };
  struct Chunk {
    int64_t offset = 0, raw_size = 0, packed_size = 0;
    uint64_t count = 0, nulls = 0;
  };
  struct Group {
    std::vector<Chunk> chunks;
    uint64_t rows = 0;
  };

  Status FlushGroup(const ByteSink& sink);
  Result<Chunk> WriteChunk(size_t column, const ByteSink& sink);
  Status Give(const ByteSink& sink, std::string_view bytes);
  std::string Footer() const;

  std::vector<ParquetColumn> columns_;
  Limits limits_;
  std::vector<Pending> pending_;
  std::vector<Group> groups_;
  uint64_t rows_ = 0;
  int64_t offset_ = 0;
};

}  // namespace peel::library

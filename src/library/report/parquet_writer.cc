#include "src/library/report/parquet_writer.h"

#include <libdeflate.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <memory>
#include <utility>

#include "src/library/report/thrift_writer.h"

namespace peel::library {
namespace {

constexpr std::string_view kMagic = "PAR1";

// The numbers of parquet.thrift.
enum PhysicalType : int32_t { kBoolean = 0, kInt64 = 2, kFloat = 4, kDouble = 5, kByteArray = 6 };
enum Repetition : int32_t { kRequired = 0, kOptional = 1, kRepeated = 2 };
constexpr int32_t kConvertedUtf8 = 0, kConvertedList = 3;
constexpr int32_t kEncodingPlain = 0, kEncodingRle = 3, kCodecGzip = 2;

PhysicalType PhysicalTypeOf(ParquetType type) {
  switch (type) {
    case ParquetType::kBool:
      return kBoolean;
    case ParquetType::kInt64:
      return kInt64;
    case ParquetType::kDouble:
      return kDouble;
    case ParquetType::kFloatList:
      return kFloat;
    case ParquetType::kText:
    case ParquetType::kTextList:
      return kByteArray;
  }
  return kByteArray;
}

bool IsList(ParquetType type) {
  return type == ParquetType::kTextList || type == ParquetType::kFloatList;
}

template <typename T>
void AppendLittleEndian(std::string& to, T value) {
  static_assert(std::endian::native == std::endian::little);
  to.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

void AppendText(std::string& to, std::string_view text) {
  AppendLittleEndian(to, static_cast<uint32_t>(text.size()));
  to += text;
}

// Levels as a page of version 1 has them: their size, then runs.
void AppendLevels(std::string& page, const std::string& runs) {
  AppendLittleEndian(page, static_cast<uint32_t>(runs.size()));
  page += runs;
}

Result<std::string> Gzip(std::string_view bytes) {
  struct Free {
    void operator()(libdeflate_compressor* compressor) const {
      libdeflate_free_compressor(compressor);
    }
  };
  const std::unique_ptr<libdeflate_compressor, Free> compressor(libdeflate_alloc_compressor(6));
  if (compressor == nullptr) return OutOfMemory("there is not enough memory to compress a page");
  std::string packed(libdeflate_gzip_compress_bound(compressor.get(), bytes.size()), '\0');
  packed.resize(libdeflate_gzip_compress(compressor.get(), bytes.data(), bytes.size(),
                                         packed.data(), packed.size()));
  return packed;
}

void WriteSchema(ThriftWriter& out, const ParquetColumn& column) {
  const bool is_text = column.type == ParquetType::kText || column.type == ParquetType::kTextList;
  const auto leaf = [&](std::string_view name, Repetition repetition) {
    out.BeginElement();
    out.I32(1, PhysicalTypeOf(column.type));
    out.I32(3, repetition);
    out.Text(4, name);
    if (is_text) {
      out.I32(6, kConvertedUtf8);
      out.BeginStruct(10);
      out.BeginStruct(1);
      out.EndStruct();
      out.EndStruct();
    }
    out.EndStruct();
  };
  if (!IsList(column.type)) {
    leaf(column.name, kOptional);
    return;
  }
  // The three levels that LogicalTypes.md asks for.
  out.BeginElement();
  out.I32(3, kOptional);
  out.Text(4, column.name);
  out.I32(5, 1);
  out.I32(6, kConvertedList);
  out.BeginStruct(10);
  out.BeginStruct(3);
  out.EndStruct();
  out.EndStruct();
  out.EndStruct();
  out.BeginElement();
  out.I32(3, kRepeated);
  out.Text(4, "list");
  out.I32(5, 1);
  out.EndStruct();
  leaf("element", kRequired);
}

}  // namespace

void ParquetWriter::Runs::Add(uint32_t level, uint64_t count) {
  if (count == 0) return;
  if (level != value) Flush();
  value = level;
  length += count;
}

void ParquetWriter::Runs::Flush() {
  if (length == 0) return;
  uint64_t head = length << 1;
  for (; head >= 0x80; head >>= 7) bytes += static_cast<char>((head & 0x7F) | 0x80);
  bytes += static_cast<char>(head);
  bytes += static_cast<char>(value);  // levels are at most 2: one byte holds them
  length = 0;
}

ParquetWriter::ParquetWriter(std::vector<ParquetColumn> columns)
    : ParquetWriter(std::move(columns), Limits()) {}

ParquetWriter::ParquetWriter(std::vector<ParquetColumn> columns, Limits limits)
    : columns_(std::move(columns)), limits_(limits), pending_(columns_.size()) {}

Status ParquetWriter::Give(const ByteSink& sink, std::string_view bytes) {
  offset_ += static_cast<int64_t>(bytes.size());
  return sink(std::span(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()));
}

Status ParquetWriter::Begin(const ByteSink& sink) { return Give(sink, kMagic); }

void ParquetWriter::SetBool(size_t column, bool value) {
  pending_[column].bits.push_back(value);
  pending_[column].is_set = true;
}

void ParquetWriter::SetInt64(size_t column, int64_t value) {
  AppendLittleEndian(pending_[column].values, value);
  pending_[column].is_set = true;
}

void ParquetWriter::SetDouble(size_t column, double value) {
  AppendLittleEndian(pending_[column].values, value);
  pending_[column].is_set = true;
}

void ParquetWriter::SetText(size_t column, std::string_view value) {
  AppendText(pending_[column].values, value);
  pending_[column].is_set = true;
}

void ParquetWriter::SetTextList(size_t column, std::span<const std::string> values) {
  Pending& pending = pending_[column];
  for (const std::string& value : values) AppendText(pending.values, value);
  pending.is_set = true;
  const uint64_t count = values.empty() ? 1 : values.size();
  pending.defined.Add(values.empty() ? 1 : 2, count);
  pending.repeated.Add(0);
  pending.repeated.Add(1, count - 1);
  pending.count += count;
}

void ParquetWriter::SetFloatList(size_t column, std::span<const float> values) {
  Pending& pending = pending_[column];
  for (const float value : values) AppendLittleEndian(pending.values, value);
  pending.is_set = true;
  const uint64_t count = values.empty() ? 1 : values.size();
  pending.defined.Add(values.empty() ? 1 : 2, count);
  pending.repeated.Add(0);
  pending.repeated.Add(1, count - 1);
  pending.count += count;
}

Status ParquetWriter::EndRow(const ByteSink& sink) {
  ++rows_;
  size_t bytes = 0;
  for (size_t i = 0; i < columns_.size(); ++i) {
    Pending& pending = pending_[i];
    const bool is_set = std::exchange(pending.is_set, false);
    bytes += pending.values.size() + pending.defined.bytes.size() + pending.repeated.bytes.size();
    if (!is_set) ++pending.nulls;
    if (is_set && IsList(columns_[i].type)) continue;
    pending.defined.Add(is_set ? 1 : 0);
    if (IsList(columns_[i].type)) pending.repeated.Add(0);
    ++pending.count;
  }
  return rows_ >= limits_.rows || bytes >= limits_.bytes ? FlushGroup(sink) : OkStatus();
}

Result<ParquetWriter::Chunk> ParquetWriter::WriteChunk(size_t column, const ByteSink& sink) {
  Pending pending = std::exchange(pending_[column], {});
  std::string page;
  if (IsList(columns_[column].type)) {
    pending.repeated.Flush();
    AppendLevels(page, pending.repeated.bytes);
  }
  pending.defined.Flush();
  AppendLevels(page, pending.defined.bytes);
  page += pending.values;
  for (size_t i = 0; i < pending.bits.size(); i += 8) {
    uint8_t byte = 0;
    for (size_t k = i; k < std::min(i + 8, pending.bits.size()); ++k) {
      byte |= static_cast<uint8_t>(static_cast<unsigned>(pending.bits[k]) << (k - i));
    }
    page += static_cast<char>(byte);
  }
  PEEL_ASSIGN_OR_RETURN(const std::string packed, Gzip(page));
  constexpr size_t kMost = std::numeric_limits<int32_t>::max();
  if (page.size() > kMost || packed.size() > kMost || pending.count > kMost) {
    return LimitExceeded("a row's " + columns_[column].name +
                         " is too large for Parquet (2 GiB); export as .jsonl");
  }
  ThriftWriter head;
  head.I32(1, 0);  // a data page of version 1
  head.I32(2, static_cast<int32_t>(page.size()));
  head.I32(3, static_cast<int32_t>(packed.size()));
  head.BeginStruct(5);
  head.I32(1, static_cast<int32_t>(pending.count));
  head.I32(2, kEncodingPlain);
  head.I32(3, kEncodingRle);
  head.I32(4, kEncodingRle);
  head.EndStruct();
  const std::string head_bytes = head.Finish();
  Chunk chunk;
  chunk.offset = offset_;
  chunk.raw_size = static_cast<int64_t>(head_bytes.size() + page.size());
  chunk.packed_size = static_cast<int64_t>(head_bytes.size() + packed.size());
  chunk.count = pending.count;
  chunk.nulls = pending.nulls;
  PEEL_RETURN_IF_ERROR(Give(sink, head_bytes));
  PEEL_RETURN_IF_ERROR(Give(sink, packed));
  return chunk;
}

Status ParquetWriter::FlushGroup(const ByteSink& sink) {
  if (rows_ == 0) return OkStatus();
  Group group;
  group.rows = std::exchange(rows_, 0);
  for (size_t i = 0; i < columns_.size(); ++i) {
    PEEL_ASSIGN_OR_RETURN(const Chunk chunk, WriteChunk(i, sink));
    group.chunks.push_back(chunk);
  }
  groups_.push_back(std::move(group));
  return OkStatus();
}

std::string ParquetWriter::Footer() const {
  ThriftWriter out;
  out.I32(1, 2);
  size_t elements = 1;
  for (const ParquetColumn& column : columns_) elements += IsList(column.type) ? 3 : 1;
  out.BeginStructList(2, elements);
  out.BeginElement();
  out.Text(4, "photos");
  out.I32(5, static_cast<int32_t>(columns_.size()));
  out.EndStruct();
  for (const ParquetColumn& column : columns_) WriteSchema(out, column);
  uint64_t rows = 0;
  for (const Group& group : groups_) rows += group.rows;
  out.I64(3, static_cast<int64_t>(rows));
  out.BeginStructList(4, groups_.size());
  for (const Group& group : groups_) {
    out.BeginElement();
    out.BeginStructList(1, group.chunks.size());
    int64_t raw_size = 0;
    for (size_t i = 0; i < group.chunks.size(); ++i) {
      const Chunk& chunk = group.chunks[i];
      raw_size += chunk.raw_size;
      out.BeginElement();
      out.I64(2, chunk.offset);
      out.BeginStruct(3);
      out.I32(1, PhysicalTypeOf(columns_[i].type));
      out.I32List(2, {kEncodingPlain, kEncodingRle});
      if (IsList(columns_[i].type)) {
        out.TextList(3, {columns_[i].name, "list", "element"});
      } else {
        out.TextList(3, {columns_[i].name});
      }
      out.I32(4, kCodecGzip);
      out.I64(5, static_cast<int64_t>(chunk.count));
      out.I64(6, chunk.raw_size);
      out.I64(7, chunk.packed_size);
      out.I64(9, chunk.offset);
      out.BeginStruct(12);
      out.I64(3, static_cast<int64_t>(chunk.nulls));
      out.EndStruct();
      out.EndStruct();
      out.EndStruct();
    }
    out.I64(2, raw_size);
    out.I64(3, static_cast<int64_t>(group.rows));
    out.EndStruct();
  }
  out.Text(6, "peel");
  return out.Finish();
}

Status ParquetWriter::End(const ByteSink& sink) {
  PEEL_RETURN_IF_ERROR(FlushGroup(sink));
  std::string footer = Footer();
  AppendLittleEndian(footer, static_cast<uint32_t>(footer.size()));
  footer += kMagic;
  return Give(sink, footer);
}

}  // namespace peel::library

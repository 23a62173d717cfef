#include "src/library/report/export.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "src/base/os/files.h"
#include "src/library/report/parquet_writer.h"
#include "src/library/report/text.h"
#include "src/library/store/embedding_bytes.h"
#include "src/library/store/photo_reader.h"

namespace peel::library {
namespace {

using Json = nlohmann::json;

enum class ExportKind : uint8_t { kCsv, kJson, kJsonLines, kParquet };

Result<ExportKind> KindOf(const std::string& path) {
  const size_t name = path.find_last_of('/') + 1;
  const size_t dot = path.find_last_of('.');
  std::string extension = dot == std::string::npos || dot < name ? "" : path.substr(dot + 1);
  for (char& c : extension) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  }
  if (extension == "csv") return ExportKind::kCsv;
  if (extension == "json") return ExportKind::kJson;
  if (extension == "jsonl") return ExportKind::kJsonLines;
  if (extension == "parquet") return ExportKind::kParquet;
  return InvalidArgument(path + ": an export's name ends in .csv, .json, .jsonl or .parquet");
}

// SQLite's types of values.
constexpr int kSqliteInteger = 1, kSqliteFloat = 2, kSqliteNull = 5;

std::string Number(const Statement& row, int at) {
  return row.type(at) == kSqliteInteger ? std::to_string(row.integer(at))
                                        : NumberText(row.real(at));
}

bool IsNumber(const Statement& row, int at) {
  return row.type(at) == kSqliteInteger || row.type(at) == kSqliteFloat;
}

std::string CsvText(std::string_view text) {
  std::string valid = ValidUtf8(text);
  if (!valid.empty() && valid.find_first_of("\",\r\n") == std::string::npos) return valid;
  std::string quoted = "\"";
  for (const char c : valid) {
    quoted += c;
    if (c == '"') quoted += '"';
  }
  return quoted + '"';
}

std::string CsvLine(const Statement& row, std::span<const PhotoColumn> columns) {
  std::string line;
  for (size_t i = 0; i < columns.size(); ++i) {
    const int at = static_cast<int>(i);
    if (i > 0) line += ',';
    if (row.type(at) == kSqliteNull) continue;
    if (columns[i].kind == ColumnKind::kEmbedding) {
      line += Base64(row.blob(at));
    } else {
      line += IsNumber(row, at) ? Number(row, at) : CsvText(row.text(at));
    }
  }
  return line + "\r\n";
}

std::string JsonNumbers(std::span<const float> values) {
  std::string json = "[";
  for (const float value : values) {
    if (json.size() > 1) json += ',';
    json += NumberText(value);
  }
  return json + "]";
}

std::string JsonValue(const Statement& row, int at, ColumnKind kind) {
  if (row.type(at) == kSqliteNull) return "null";
  if (kind == ColumnKind::kEmbedding) return JsonNumbers(EmbeddingOf(row.blob(at)));
  if (kind == ColumnKind::kBool) return row.integer(at) != 0 ? "true" : "false";
  if (IsNumber(row, at)) return Number(row, at);
  const std::string_view text = row.text(at);
  // Written by Peel it is JSON; by anybody else it may be anything.
  if (kind == ColumnKind::kJson && Json::accept(text)) return std::string(text);
  return JsonText(text);
}

std::string JsonObject(const Statement& row, std::span<const PhotoColumn> columns) {
  std::string json = "{";
  for (size_t i = 0; i < columns.size(); ++i) {
    if (i > 0) json += ',';
    json += JsonText(columns[i].name) + ':' + JsonValue(row, static_cast<int>(i), columns[i].kind);
  }
  return json + "}";
}

ParquetType ParquetTypeOf(const PhotoColumn& column) {
  switch (column.kind) {
    case ColumnKind::kText:
      return ParquetType::kText;
    case ColumnKind::kInteger:
      return ParquetType::kInt64;
    case ColumnKind::kReal:
      return ParquetType::kDouble;
    case ColumnKind::kBool:
      return ParquetType::kBool;
    case ColumnKind::kEmbedding:
      return ParquetType::kFloatList;
    case ColumnKind::kJson:
      return column.name == "keywords" || column.name == "objects" ? ParquetType::kTextList
                                                                   : ParquetType::kText;
  }
  return ParquetType::kText;
}

std::vector<std::string> TextList(std::string_view json) {
  std::vector<std::string> list;
  const Json parsed = Json::parse(json, nullptr, false);
  if (!parsed.is_array()) return {ValidUtf8(json)};
  for (const Json& value : parsed) {
    list.push_back(ValidUtf8(value.is_string() ? value.get<std::string>() : value.dump()));
  }
  return list;
}

void SetParquetValue(ParquetWriter& writer, const Statement& row, size_t column, ParquetType type) {
  const int at = static_cast<int>(column);
  if (row.type(at) == kSqliteNull) return;
  switch (type) {
    case ParquetType::kBool:
      return writer.SetBool(column, row.integer(at) != 0);
    case ParquetType::kInt64:
      return writer.SetInt64(column, row.integer(at));
    case ParquetType::kDouble:
      return writer.SetDouble(column, row.real(at));
    case ParquetType::kText:
      return writer.SetText(column, ValidUtf8(row.text(at)));
    case ParquetType::kTextList:
      return writer.SetTextList(column, TextList(row.text(at)));
    case ParquetType::kFloatList:
      return writer.SetFloatList(column, EmbeddingOf(row.blob(at)));
  }
}

Status Give(const ByteSink& sink, std::string_view text) {
  return sink(std::span(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
}

Status WriteCsv(Store& store, const ByteSink& sink) {
  const std::span<const PhotoColumn> columns = PhotoColumns();
  std::string names;
  for (const PhotoColumn& column : columns) {
    if (!names.empty()) names += ',';
    names += column.name;
  }
  PEEL_RETURN_IF_ERROR(Give(sink, names + "\r\n"));
  return ForEachPhoto(store,
                      [&](const Statement& row) { return Give(sink, CsvLine(row, columns)); });
}

Status WriteJson(Store& store, bool lines, const ByteSink& sink) {
  const std::span<const PhotoColumn> columns = PhotoColumns();
  bool is_first = true;
  const auto give_row = [&](const Statement& row) {
    const std::string object = JsonObject(row, columns);
    if (lines) return Give(sink, object + "\n");
    return Give(sink, (std::exchange(is_first, false) ? "[\n" : ",\n") + object);
  };
  PEEL_RETURN_IF_ERROR(ForEachPhoto(store, give_row));
  if (lines) return OkStatus();
  return Give(sink, is_first ? "[]\n" : "\n]\n");
}

Status WriteParquet(Store& store, const ByteSink& sink) {
  std::vector<ParquetColumn> columns;
  for (const PhotoColumn& column : PhotoColumns()) {
    columns.push_back({std::string(column.name), ParquetTypeOf(column)});
  }
  ParquetWriter writer(columns);
  PEEL_RETURN_IF_ERROR(writer.Begin(sink));
  PEEL_RETURN_IF_ERROR(ForEachPhoto(store, [&](const Statement& row) {
    for (size_t i = 0; i < columns.size(); ++i) SetParquetValue(writer, row, i, columns[i].type);
    return writer.EndRow(sink);
  }));
  return writer.End(sink);
}

Status WriteRows(Store& store, ExportKind kind, const ByteSink& sink) {
  switch (kind) {
    case ExportKind::kCsv:
      return WriteCsv(store, sink);
    case ExportKind::kJson:
      return WriteJson(store, false, sink);
    case ExportKind::kJsonLines:
      return WriteJson(store, true, sink);
    case ExportKind::kParquet:
      return WriteParquet(store, sink);
  }
  return Internal("an export of no kind");
}

}  // namespace

Status CheckExportName(const std::string& path) { return KindOf(path).status(); }

Status Export(Store& store, const std::string& path) {
  PEEL_ASSIGN_OR_RETURN(const ExportKind kind, KindOf(path));
  Status status =
      WriteFileAtomically(path, [&](const ByteSink& sink) { return WriteRows(store, kind, sink); });
  return status.ok() ? OkStatus() : std::move(status).WithContext(path);
}

}  // namespace peel::library

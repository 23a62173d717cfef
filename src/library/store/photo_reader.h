#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/status.h"
#include "src/library/store/store.h"

namespace peel::library {

// The view `photos` from outside: its columns in their order, with what their values are.
enum class ColumnKind : uint8_t { kText, kInteger, kReal, kBool, kJson, kEmbedding };
struct PhotoColumn {
  std::string_view name;
  ColumnKind kind;
};
std::span<const PhotoColumn> PhotoColumns();

// One file's thumbnail (a JPEG); empty where there is none.
Result<std::vector<uint8_t>> ReadThumbnail(Store& store, int64_t file_id);

// Gives every row of `photos` in the order of the paths; `row` has the columns of PhotoColumns
// at 0 … and what it returns other than ok ends the reading. Memory does not grow with the rows.
Status ForEachPhoto(Store& store, const std::function<Status(const Statement& row)>& row);

struct DuplicateRow {
  int64_t group_id = 0;
  std::string tier, path_text, path;  // path: the name itself
  int64_t file_id = 0;
  double distance = 0;
  bool best = false;
  std::string reason, content_hash;
  uint64_t size = 0;
  int64_t mtime_ns = 0;
};
// By group, the best one first. tier: "exact", "same", "similar" or "" for all.
Result<std::vector<DuplicateRow>> ReadDuplicates(Store& store, std::string_view tier = "");

struct StackRow {
  int64_t stack_id = 0;
  std::string kind, path_text, path;
  int64_t file_id = 0;
};
Result<std::vector<StackRow>> ReadStacks(Store& store);

}  // namespace peel::library

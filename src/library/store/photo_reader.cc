#include "src/library/store/photo_reader.h"

#include "src/library/store/path_text.h"

namespace peel::library {
namespace {

using Kind = ColumnKind;

constexpr PhotoColumn kColumns[] = {
    {"path", Kind::kText},           {"size", Kind::kInteger},
    {"mtime", Kind::kReal},          {"content_hash", Kind::kText},
    {"format", Kind::kText},         {"width", Kind::kInteger},
    {"height", Kind::kInteger},      {"orientation", Kind::kInteger},
    {"taken_at", Kind::kText},       {"taken_offset", Kind::kText},
    {"make", Kind::kText},           {"model", Kind::kText},
    {"lens", Kind::kText},           {"focal_mm", Kind::kReal},
    {"focal35_mm", Kind::kReal},     {"aperture", Kind::kReal},
    {"exposure_s", Kind::kReal},     {"iso", Kind::kInteger},
    {"flash", Kind::kBool},          {"gps_lat", Kind::kReal},
    {"gps_lon", Kind::kReal},        {"gps_alt", Kind::kReal},
    {"city", Kind::kText},           {"country", Kind::kText},
    {"title", Kind::kText},          {"description", Kind::kText},
    {"keywords", Kind::kJson},       {"rating", Kind::kInteger},
    {"software", Kind::kText},       {"color_profile", Kind::kText},
    {"bit_depth", Kind::kInteger},   {"is_animated", Kind::kBool},
    {"motion_photo", Kind::kBool},   {"phash", Kind::kText},
    {"sharpness", Kind::kReal},      {"subject_sharpness", Kind::kReal},
    {"exposure", Kind::kReal},       {"contrast", Kind::kReal},
    {"noise", Kind::kReal},          {"colorfulness", Kind::kReal},
    {"subject_share", Kind::kReal},  {"subject_score", Kind::kReal},
    {"faces", Kind::kInteger},       {"dominant_colors", Kind::kJson},
    {"quality", Kind::kReal},        {"embedding", Kind::kEmbedding},
    {"scene", Kind::kText},          {"scene_score", Kind::kReal},
    {"objects", Kind::kJson},        {"status", Kind::kText},
    {"error", Kind::kText},          {"scanned_at", Kind::kText},
    {"model_versions", Kind::kJson}, {"label", Kind::kText},
    {"creator", Kind::kText},        {"copyright", Kind::kText},
    {"sidecar", Kind::kText},
};

}  // namespace

std::span<const PhotoColumn> PhotoColumns() { return kColumns; }

Result<std::vector<uint8_t>> ReadThumbnail(Store& store, int64_t file_id) {
  PEEL_ASSIGN_OR_RETURN(
      Statement row, store.database().Prepare("SELECT thumbnail FROM measures WHERE file_id = ?1"));
  PEEL_ASSIGN_OR_RETURN(const bool has_row, row.Bind(1, file_id).Step());
  if (!has_row) return std::vector<uint8_t>();
  const std::span<const uint8_t> bytes = row.blob(0);
  return std::vector<uint8_t>(bytes.begin(), bytes.end());
}

Status ForEachPhoto(Store& store, const std::function<Status(const Statement& row)>& row) {
  std::string sql = "SELECT ";
  for (const PhotoColumn& column : kColumns) {
    if (&column != kColumns) sql += ", ";
    sql += column.name;
  }
  PEEL_ASSIGN_OR_RETURN(Statement photos,
                        store.database().Prepare(sql + " FROM photos ORDER BY path"));
  while (true) {
    PEEL_ASSIGN_OR_RETURN(const bool has_row, photos.Step());
    if (!has_row) return OkStatus();
    PEEL_RETURN_IF_ERROR(row(photos));
  }
}

Result<std::vector<DuplicateRow>> ReadDuplicates(Store& store, std::string_view tier) {
  PEEL_ASSIGN_OR_RETURN(
      Statement row,
      store.database().Prepare(
          "SELECT d.group_id, d.tier, f.path, f.path_bytes, f.id, d.distance, d.best, d.reason, "
          "f.content_hash, f.size, f.mtime_ns FROM duplicate_members d JOIN files f ON f.id = "
          "d.file_id WHERE ?1 = '' OR d.tier = ?1 ORDER BY d.group_id, d.best DESC, d.distance, "
          "f.path"));
  row.Bind(1, tier);
  std::vector<DuplicateRow> rows;
  while (true) {
    PEEL_ASSIGN_OR_RETURN(const bool has_row, row.Step());
    if (!has_row) return rows;
    DuplicateRow& member = rows.emplace_back();
    member.group_id = row.integer(0);
    member.tier = row.text(1);
    member.path_text = row.text(2);
    member.path = PathOfRow(row.text(2), row.blob(3));
    member.file_id = row.integer(4);
    member.distance = row.real(5);
    member.best = row.integer(6) != 0;
    member.reason = row.text(7);
    member.content_hash = row.text(8);
    member.size = static_cast<uint64_t>(row.integer(9));
    member.mtime_ns = row.integer(10);
  }
}

Result<std::vector<StackRow>> ReadStacks(Store& store) {
  PEEL_ASSIGN_OR_RETURN(
      Statement row,
      store.database().Prepare("SELECT s.stack_id, s.kind, f.path, f.path_bytes, f.id FROM "
                               "stack_members s JOIN files f ON f.id = s.file_id "
                               "ORDER BY s.stack_id, f.path"));
  std::vector<StackRow> rows;
  while (true) {
    PEEL_ASSIGN_OR_RETURN(const bool has_row, row.Step());
    if (!has_row) return rows;
    StackRow& member = rows.emplace_back();
    member.stack_id = row.integer(0);
    member.kind = row.text(1);
    member.path_text = row.text(2);
    member.path = PathOfRow(row.text(2), row.blob(3));
    member.file_id = row.integer(4);
  }
}

}  // namespace peel::library

#include "src/library/store/store.h"

#include <array>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "src/library/store/embedding_bytes.h"
#include "src/library/store/hash_bytes.h"
#include "src/library/store/path_text.h"

namespace peel::library {
namespace {

using Json = nlohmann::ordered_json;

// Text that came from outside may be no UTF-8 whatever its reader promises; JSON must be.
std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::optional<std::string> Maybe(const std::string& text) {
  if (text.empty()) return std::nullopt;
  return text;
}

std::optional<int64_t> MaybeInteger(std::optional<int> value) {
  if (!value) return std::nullopt;
  return *value;
}

std::string HexColour(const std::array<uint8_t, 3>& rgb) {
  std::array<char, 8> text{};
  std::snprintf(text.data(), text.size(), "#%02x%02x%02x", rgb[0], rgb[1], rgb[2]);
  return text.data();
}

std::string ColoursJson(const std::vector<DominantColour>& colours) {
  Json array = Json::array();
  for (const DominantColour& colour : colours) {
    // To four digits, as a share of the picture's pixels has no more.
    const double share = static_cast<double>(static_cast<int>(colour.share * 1e4F + 0.5F)) / 1e4;
    array.push_back({{"hex", HexColour(colour.rgb)}, {"share", share}});
  }
  return Dump(array);
}

// As text, whatever bytes the name has: it is for people, and found again by the picture's name.
void BindSidecar(Statement& row, int at, const FileRecord& file) {
  row.BindText(at, Maybe(TextOfPath(file.sidecar).text)).Bind(at + 1, file.sidecar_stamp);
}

std::string LandmarksJson(const Face& face) {
  Json array = Json::array();
  for (const auto& point : face.landmarks) array.push_back({point[0], point[1]});
  return Dump(array);
}

}  // namespace

Result<Store> Store::Open(const std::string& path, Database::Mode mode) {
  Store store;
  PEEL_ASSIGN_OR_RETURN(store.database_, Database::Open(path, mode));
  Database& database = store.database_;
  PEEL_ASSIGN_OR_RETURN(const int version, LibraryVersion(database));
  if (mode == Database::Mode::kRead) {
    if (version == kSchemaVersion) return store;
    return Unsupported(path + (version == 0
                                   ? ": nothing has been scanned into this library yet"
                                   : ": was written by an older version of Peel; scan its folder "
                                     "once with this one"));
  }
  // A reader that is at work keeps the mode from being changed only where it is another yet.
  PEEL_RETURN_IF_ERROR(database.Execute("PRAGMA journal_mode = WAL"));
  PEEL_RETURN_IF_ERROR(database.Execute(
      "PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON; PRAGMA cache_size = -16384"));
  PEEL_RETURN_IF_ERROR(Migrate(database));
  PEEL_RETURN_IF_ERROR(store.PrepareWriting());
  return store;
}

Status Store::PrepareWriting() {
  const auto prepare = [this](Statement& to, std::string_view sql) -> Status {
    PEEL_ASSIGN_OR_RETURN(to, database_.Prepare(sql));
    return OkStatus();
  };
  const auto by_file = [&](Statement& to, const std::string& table) {
    return prepare(to, "DELETE FROM " + table + " WHERE file_id = ?1");
  };
  PEEL_RETURN_IF_ERROR(prepare(
      write_.file,
      "INSERT INTO files(path, path_bytes, size, mtime_ns, edge_hash, content_hash, format, "
      "status, error, phases, run_id, scanned_at, models, sidecar, sidecar_stamp) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15) "
      "ON CONFLICT(path) DO UPDATE SET path_bytes = ?2, size = ?3, mtime_ns = ?4, edge_hash = ?5, "
      "content_hash = ?6, format = ?7, status = ?8, error = ?9, phases = ?10, run_id = ?11, "
      "scanned_at = ?12, models = ?13, sidecar = ?14, sidecar_stamp = ?15 RETURNING id"));
  PEEL_RETURN_IF_ERROR(
      prepare(write_.move,
              "UPDATE files SET path = ?2, path_bytes = ?3, size = ?4, mtime_ns = ?5, run_id = ?6, "
              "sidecar = ?7, sidecar_stamp = ?8, status = CASE WHEN status <> 'gone' THEN status "
              "WHEN error IS NULL THEN 'ok' WHEN EXISTS (SELECT 1 "
              "FROM metadata WHERE file_id = ?1) THEN 'partial' ELSE 'error' END WHERE id = ?1"));
  PEEL_RETURN_IF_ERROR(prepare(write_.scanned, "UPDATE files SET scanned_at = ?2 WHERE id = ?1"));
  PEEL_RETURN_IF_ERROR(prepare(write_.gone, "UPDATE files SET status = 'gone' WHERE id = ?1"));
  PEEL_RETURN_IF_ERROR(prepare(write_.remove, "DELETE FROM files WHERE id = ?1"));
  PEEL_RETURN_IF_ERROR(prepare(write_.remove_film, "DELETE FROM films WHERE id = ?1"));
  PEEL_RETURN_IF_ERROR(prepare(
      write_.metadata,
      "INSERT OR REPLACE INTO metadata(file_id, width, height, orientation, taken_at, "
      "taken_offset, make, model, lens, focal_mm, focal35_mm, aperture, exposure_s, iso, flash, "
      "gps_lat, gps_lon, gps_alt, city, country, title, description, keywords, rating, software, "
      "color_profile, bit_depth, is_animated, motion_photo, content_identifier, label, creator, "
      "copyright) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, "
      "?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32, ?33)"));
  PEEL_RETURN_IF_ERROR(prepare(
      write_.measures,
      "INSERT OR REPLACE INTO measures(file_id, phash, phash_quality, sharpness, exposure, "
      "contrast, noise, colorfulness, dominant_colors, quality, orientation_hashes, thumbnail) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"));
  PEEL_RETURN_IF_ERROR(prepare(write_.subject,
                               "UPDATE measures SET subject_share = ?2, subject_sharpness = ?3, "
                               "subject_exposure = ?4, subject_cut_off = ?5, subject_score = ?6 "
                               "WHERE file_id = ?1"));
  PEEL_RETURN_IF_ERROR(prepare(write_.no_subject,
                               "UPDATE measures SET subject_share = NULL, subject_sharpness = "
                               "NULL, subject_exposure = NULL, subject_cut_off = NULL, "
                               "subject_score = NULL WHERE file_id = ?1"));
  PEEL_RETURN_IF_ERROR(prepare(write_.scene,
                               "INSERT OR REPLACE INTO scenes(file_id, scene, scene_score, "
                               "embedding) VALUES (?1, ?2, ?3, ?4)"));
  PEEL_RETURN_IF_ERROR(prepare(write_.face,
                               "INSERT INTO faces(file_id, score, x, y, w, h, landmarks) "
                               "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"));
  PEEL_RETURN_IF_ERROR(prepare(write_.detection,
                               "INSERT INTO detections(file_id, label, score, x, y, w, h) "
                               "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"));
  PEEL_RETURN_IF_ERROR(by_file(write_.no_metadata, "metadata"));
  PEEL_RETURN_IF_ERROR(by_file(write_.no_measures, "measures"));
  PEEL_RETURN_IF_ERROR(by_file(write_.no_scene, "scenes"));
  PEEL_RETURN_IF_ERROR(by_file(write_.no_faces, "faces"));
  return by_file(write_.no_detections, "detections");
}

Status Store::Begin() { return database_.Execute("BEGIN IMMEDIATE"); }
Status Store::Commit() { return database_.Execute("COMMIT"); }
void Store::Rollback() {
  // Where SQLite has undone it already there is nothing to undo, and no more to do about it.
  const Status undone = database_.Execute("ROLLBACK");
  (void)undone;
}

Result<int64_t> Store::Write(const PhotoRecord& record) {
  const FileRecord& file = record.file;
  const PathText path = TextOfPath(file.path);
  Statement& row = write_.file;
  row.Bind(1, path.text);
  if (path.is_exact) {
    row.BindNull(2);
  } else {
    row.BindBlob(2, {reinterpret_cast<const uint8_t*>(file.path.data()), file.path.size()});
  }
  row.Bind(3, static_cast<int64_t>(file.size)).Bind(4, file.mtime_ns);
  row.BindText(5, Maybe(file.edge_hash)).BindText(6, Maybe(file.content_hash));
  row.BindText(7, Maybe(file.format)).Bind(8, FileStatusName(file.status));
  row.BindText(9, Maybe(file.error)).Bind(10, int64_t{record.phases()});
  row.Bind(11, run_ != 0 ? std::optional<int64_t>(run_) : std::nullopt);
  row.Bind(12, UtcNow()).BindText(13, Maybe(file.models));
  BindSidecar(row, 14, file);
  PEEL_ASSIGN_OR_RETURN(const bool has_id, row.Step());
  if (!has_id) return Internal(database_.path() + ": a row got no number");
  const int64_t id = row.integer(0);
  PEEL_RETURN_IF_ERROR(row.Run());

  const unsigned kept = record.kept_phases;
  if (record.metadata) {
    PEEL_RETURN_IF_ERROR(WriteMetadata(id, record));
  } else if ((kept & kPhaseMetadata) == 0) {
    PEEL_RETURN_IF_ERROR(write_.no_metadata.Bind(1, id).Run());
  }
  if (record.content) {
    PEEL_RETURN_IF_ERROR(WriteContent(id, *record.content));
  } else if ((kept & kPhaseContent) == 0) {
    PEEL_RETURN_IF_ERROR(write_.no_measures.Bind(1, id).Run());
  }
  if (record.labels || (kept & kPhaseLabels) == 0) {
    PEEL_RETURN_IF_ERROR(write_.no_scene.Bind(1, id).Run());
    PEEL_RETURN_IF_ERROR(write_.no_faces.Bind(1, id).Run());
    PEEL_RETURN_IF_ERROR(write_.no_detections.Bind(1, id).Run());
    PEEL_RETURN_IF_ERROR(write_.no_subject.Bind(1, id).Run());
  }
  if (record.labels) PEEL_RETURN_IF_ERROR(WriteLabels(id, *record.labels));
  return id;
}

Status Store::WriteMetadata(int64_t id, const PhotoRecord& record) {
  const PhotoMetadata& m = *record.metadata;
  Statement& row = write_.metadata;
  row.Bind(1, id).Bind(2, int64_t{m.width}).Bind(3, int64_t{m.height});
  row.Bind(4, int64_t{m.orientation});
  row.BindText(5, Maybe(m.taken_at)).BindText(6, Maybe(m.taken_offset));
  row.BindText(7, Maybe(m.make)).BindText(8, Maybe(m.model)).BindText(9, Maybe(m.lens));
  row.BindReal(10, m.focal_mm).BindReal(11, m.focal35_mm).BindReal(12, m.aperture);
  row.BindReal(13, m.exposure_s).Bind(14, m.iso);
  row.Bind(15, m.flash ? std::optional<int64_t>(*m.flash ? 1 : 0) : std::nullopt);
  row.BindReal(16, m.gps_lat).BindReal(17, m.gps_lon).BindReal(18, m.gps_alt);
  row.BindText(19, Maybe(record.city)).BindText(20, Maybe(record.country));
  row.BindText(21, Maybe(m.title)).BindText(22, Maybe(m.description));
  if (m.keywords.empty()) {
    row.BindNull(23);
  } else {
    row.Bind(23, Dump(Json(m.keywords)));
  }
  row.Bind(24, MaybeInteger(m.rating));
  row.BindText(25, Maybe(m.software)).BindText(26, Maybe(m.color_profile));
  row.Bind(27, int64_t{m.bit_depth});
  row.Bind(28, int64_t{m.is_animated ? 1 : 0}).Bind(29, int64_t{m.motion_photo ? 1 : 0});
  row.BindText(30, Maybe(m.content_identifier)).BindText(31, Maybe(m.label));
  row.BindText(32, Maybe(m.creator)).BindText(33, Maybe(m.copyright));
  return row.Run();
}

Status Store::WriteContent(int64_t id, const ContentRecord& content) {
  const PictureQuality& q = content.quality;
  Statement& row = write_.measures;
  row.Bind(1, id).Bind(2, content.hashes.orientations[0].Hex());
  row.Bind(3, int64_t{content.hashes.quality});
  row.BindReal(4, q.sharpness).BindReal(5, q.exposure).BindReal(6, q.contrast);
  row.BindReal(7, q.noise).BindReal(8, q.colorfulness);
  row.Bind(9, ColoursJson(q.dominant_colours)).BindReal(10, q.quality);
  row.BindBlob(11, BytesOfHashes(content.hashes)).BindBlob(12, content.thumbnail);
  return row.Run();
}

Status Store::WriteLabels(int64_t id, const LabelsRecord& record) {
  const Labels& labels = record.labels;
  Statement& scene = write_.scene;
  scene.Bind(1, id).BindText(2, Maybe(labels.scene));
  scene.BindReal(3,
                 labels.scene.empty() ? std::nullopt : std::optional<double>(labels.scene_score));
  if (labels.embedding.empty()) {
    scene.BindNull(4);
  } else {
    scene.BindBlob(4, EmbeddingBytes(labels.embedding));
  }
  PEEL_RETURN_IF_ERROR(scene.Run());
  for (const Face& face : labels.faces) {
    Statement& row = write_.face;
    row.Bind(1, id).BindReal(2, face.score).BindReal(3, face.box.x).BindReal(4, face.box.y);
    row.BindReal(5, face.box.width).BindReal(6, face.box.height).Bind(7, LandmarksJson(face));
    PEEL_RETURN_IF_ERROR(row.Run());
  }
  for (const Detection& found : labels.objects) {
    Statement& row = write_.detection;
    row.Bind(1, id).Bind(2, found.label).BindReal(3, found.score);
    row.BindReal(4, found.box.x).BindReal(5, found.box.y);
    row.BindReal(6, found.box.width).BindReal(7, found.box.height);
    PEEL_RETURN_IF_ERROR(row.Run());
  }
  if (!record.subject) return OkStatus();
  const SubjectQuality& s = *record.subject;
  Statement& row = write_.subject;
  row.Bind(1, id).BindReal(2, s.share).BindReal(3, s.sharpness).BindReal(4, s.exposure);
  row.Bind(5, int64_t{s.cut_off ? 1 : 0}).BindReal(6, s.score);
  return row.Run();
}

Status Store::Move(int64_t id, const FileRecord& now) {
  const PathText path = TextOfPath(now.path);
  Statement& row = write_.move;
  row.Bind(1, id).Bind(2, path.text);
  if (path.is_exact) {
    row.BindNull(3);
  } else {
    row.BindBlob(3, {reinterpret_cast<const uint8_t*>(now.path.data()), now.path.size()});
  }
  row.Bind(4, static_cast<int64_t>(now.size)).Bind(5, now.mtime_ns);
  row.Bind(6, run_ != 0 ? std::optional<int64_t>(run_) : std::nullopt);
  BindSidecar(row, 7, now);
  return row.Run();
}

Status Store::WriteMetadataAlone(int64_t id, const PhotoRecord& record) {
  PEEL_RETURN_IF_ERROR(Move(id, record.file));
  PEEL_RETURN_IF_ERROR(write_.scanned.Bind(1, id).Bind(2, UtcNow()).Run());
  return WriteMetadata(id, record);
}

Status Store::SetGone(int64_t id) { return write_.gone.Bind(1, id).Run(); }
Status Store::Delete(int64_t id) { return write_.remove.Bind(1, id).Run(); }
Status Store::DeleteFilm(int64_t id) { return write_.remove_film.Bind(1, id).Run(); }

Result<int64_t> Store::BeginRun(std::string_view version, std::string_view settings) {
  PEEL_ASSIGN_OR_RETURN(
      Statement row,
      database_.Prepare("INSERT INTO runs(started_at, version, settings) VALUES (?1, ?2, ?3)"));
  PEEL_RETURN_IF_ERROR(row.Bind(1, UtcNow()).Bind(2, version).Bind(3, settings).Run());
  run_ = database_.last_id();
  return run_;
}

Status Store::EndRun(int64_t run, std::string_view figures, std::string_view report) {
  PEEL_ASSIGN_OR_RETURN(Statement row,
                        database_.Prepare("UPDATE runs SET ended_at = ?2, figures = ?3, "
                                          "report = ?4 WHERE id = ?1"));
  return row.Bind(1, run).Bind(2, UtcNow()).Bind(3, figures).Bind(4, report).Run();
}

Status Store::WriteDuplicates(const std::vector<DuplicateMember>& members) {
  PEEL_ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(database_));
  PEEL_RETURN_IF_ERROR(database_.Execute("DELETE FROM duplicate_members"));
  PEEL_ASSIGN_OR_RETURN(Statement row,
                        database_.Prepare("INSERT INTO duplicate_members(group_id, tier, file_id, "
                                          "distance, best, reason) VALUES (?1, ?2, ?3, ?4, ?5, "
                                          "?6)"));
  for (const DuplicateMember& member : members) {
    row.Bind(1, member.group_id).Bind(2, member.tier).Bind(3, member.file_id);
    row.BindReal(4, member.distance).Bind(5, int64_t{member.best ? 1 : 0});
    row.BindText(6, Maybe(member.reason));
    PEEL_RETURN_IF_ERROR(row.Run());
  }
  return transaction.Commit();
}

Status Store::WriteStacks(const std::vector<StackMember>& members,
                          const std::vector<StackFilm>& films) {
  PEEL_ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(database_));
  PEEL_RETURN_IF_ERROR(database_.Execute("DELETE FROM stack_members; DELETE FROM stack_films"));
  PEEL_ASSIGN_OR_RETURN(
      Statement row,
      database_.Prepare("INSERT INTO stack_members(stack_id, kind, file_id) VALUES (?1, ?2, ?3)"));
  for (const StackMember& member : members) {
    PEEL_RETURN_IF_ERROR(
        row.Bind(1, member.stack_id).Bind(2, member.kind).Bind(3, member.file_id).Run());
  }
  PEEL_ASSIGN_OR_RETURN(
      Statement film,
      database_.Prepare("INSERT INTO stack_films(stack_id, film_id) VALUES (?1, ?2)"));
  for (const StackFilm& one : films) {
    PEEL_RETURN_IF_ERROR(film.Bind(1, one.stack_id).Bind(2, one.film_id).Run());
  }
  return transaction.Commit();
}

Status Store::Checkpoint() { return database_.Execute("PRAGMA wal_checkpoint(TRUNCATE)"); }

std::string UtcNow() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  const std::tm* const parts = std::gmtime(&now);  // NOLINT(concurrency-mt-unsafe): one writer
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", parts);
  return text.data();
}

}  // namespace peel::library

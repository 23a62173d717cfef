#include "src/library/store/schema.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "src/library/quality/picture_quality.h"

namespace peel::library {
namespace {

// What each version adds to the one before it: kSteps[0] makes version 1 of an empty file. A step
// that was published is never edited.
constexpr std::array<const char*, kSchemaVersion> kSteps = {
    R"sql(
CREATE TABLE runs(
  id INTEGER PRIMARY KEY,
  started_at TEXT NOT NULL,
  ended_at TEXT,
  version TEXT NOT NULL,
  settings TEXT NOT NULL DEFAULT '{}',
  figures TEXT NOT NULL DEFAULT '{}',
  report TEXT NOT NULL DEFAULT '[]'
);
CREATE TABLE files(
  id INTEGER PRIMARY KEY,
  path TEXT NOT NULL UNIQUE,
  path_bytes BLOB,
  size INTEGER NOT NULL,
  mtime_ns INTEGER NOT NULL,
  edge_hash TEXT,
  content_hash TEXT,
  format TEXT,
  status TEXT NOT NULL CHECK (status IN ('ok', 'partial', 'error', 'gone')),
  error TEXT,
  phases INTEGER NOT NULL DEFAULT 0,
  run_id INTEGER REFERENCES runs,
  scanned_at TEXT NOT NULL,
  models TEXT
);
CREATE INDEX files_content ON files(content_hash);
CREATE TABLE metadata(
  file_id INTEGER PRIMARY KEY REFERENCES files ON DELETE CASCADE,
  width INTEGER, height INTEGER, orientation INTEGER,
  taken_at TEXT, taken_offset TEXT,
  make TEXT, model TEXT, lens TEXT,
  focal_mm REAL, focal35_mm REAL, aperture REAL, exposure_s REAL, iso INTEGER, flash INTEGER,
  gps_lat REAL, gps_lon REAL, gps_alt REAL, city TEXT, country TEXT,
  title TEXT, description TEXT, keywords TEXT, rating INTEGER,
  software TEXT, color_profile TEXT, bit_depth INTEGER, is_animated INTEGER, motion_photo INTEGER
);
CREATE TABLE measures(
  file_id INTEGER PRIMARY KEY REFERENCES files ON DELETE CASCADE,
  phash TEXT, phash_quality INTEGER,
  sharpness REAL, exposure REAL, contrast REAL, noise REAL, colorfulness REAL,
  dominant_colors TEXT, quality REAL,
  subject_share REAL, subject_sharpness REAL, subject_exposure REAL, subject_cut_off INTEGER,
  subject_score REAL,
  orientation_hashes BLOB,
  thumbnail BLOB
);
CREATE TABLE scenes(
  file_id INTEGER PRIMARY KEY REFERENCES files ON DELETE CASCADE,
  scene TEXT, scene_score REAL, embedding BLOB
);
CREATE TABLE faces(
  file_id INTEGER NOT NULL REFERENCES files ON DELETE CASCADE,
  score REAL NOT NULL, x REAL NOT NULL, y REAL NOT NULL, w REAL NOT NULL, h REAL NOT NULL,
  landmarks TEXT
);
CREATE INDEX faces_file ON faces(file_id);
CREATE TABLE detections(
  id INTEGER PRIMARY KEY,
  file_id INTEGER NOT NULL REFERENCES files ON DELETE CASCADE,
  label TEXT NOT NULL,
  score REAL NOT NULL, x REAL NOT NULL, y REAL NOT NULL, w REAL NOT NULL, h REAL NOT NULL
);
CREATE INDEX detections_file ON detections(file_id);
CREATE INDEX detections_label ON detections(label);
CREATE TABLE duplicate_members(
  group_id INTEGER NOT NULL,
  tier TEXT NOT NULL CHECK (tier IN ('exact', 'same', 'similar')),
  file_id INTEGER NOT NULL REFERENCES files ON DELETE CASCADE,
  distance REAL NOT NULL,
  best INTEGER NOT NULL,
  reason TEXT,
  PRIMARY KEY (group_id, file_id)
) WITHOUT ROWID;
CREATE INDEX duplicate_members_file ON duplicate_members(file_id);
CREATE TABLE stack_members(
  stack_id INTEGER NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('raw+jpeg', 'burst', 'live')),
  file_id INTEGER NOT NULL REFERENCES files ON DELETE CASCADE,
  PRIMARY KEY (stack_id, file_id)
) WITHOUT ROWID;
CREATE INDEX stack_members_file ON stack_members(file_id);

CREATE VIEW photos AS SELECT
  f.path AS path, f.size AS size, f.mtime_ns / 1e9 AS mtime, f.content_hash AS content_hash,
  f.format AS format,
  m.width AS width, m.height AS height, m.orientation AS orientation,
  m.taken_at AS taken_at, m.taken_offset AS taken_offset,
  m.make AS make, m.model AS model, m.lens AS lens,
  m.focal_mm AS focal_mm, m.focal35_mm AS focal35_mm, m.aperture AS aperture,
  m.exposure_s AS exposure_s, m.iso AS iso, m.flash AS flash,
  m.gps_lat AS gps_lat, m.gps_lon AS gps_lon, m.gps_alt AS gps_alt,
  m.city AS city, m.country AS country,
  m.title AS title, m.description AS description, m.keywords AS keywords, m.rating AS rating,
  m.software AS software, m.color_profile AS color_profile, m.bit_depth AS bit_depth,
  m.is_animated AS is_animated, m.motion_photo AS motion_photo,
  q.phash AS phash, q.sharpness AS sharpness, q.subject_sharpness AS subject_sharpness,
  q.exposure AS exposure, q.contrast AS contrast, q.noise AS noise, q.colorfulness AS colorfulness,
  q.subject_share AS subject_share, q.subject_score AS subject_score,
  CASE WHEN s.file_id IS NOT NULL THEN
    (SELECT count(*) FROM faces WHERE file_id = f.id) END AS faces,
  q.dominant_colors AS dominant_colors, q.quality AS quality,
  s.embedding AS embedding, s.scene AS scene, s.scene_score AS scene_score,
  CASE WHEN s.file_id IS NOT NULL THEN
    (SELECT json_group_array(label) FROM (SELECT label FROM detections WHERE file_id = f.id
     GROUP BY label ORDER BY max(score) DESC, label)) END AS objects,
  f.status AS status, f.error AS error, f.scanned_at AS scanned_at, f.models AS model_versions
FROM files f
LEFT JOIN metadata m ON m.file_id = f.id
LEFT JOIN measures q ON q.file_id = f.id
LEFT JOIN scenes s ON s.file_id = f.id;
CREATE VIEW objects AS SELECT f.path AS path, d.label AS label, d.score AS score,
  d.x AS x, d.y AS y, d.w AS w, d.h AS h FROM detections d JOIN files f ON f.id = d.file_id;
CREATE VIEW duplicates AS SELECT d.group_id AS group_id, d.tier AS tier, f.path AS path,
  d.distance AS distance, d.best AS best, d.reason AS reason
  FROM duplicate_members d JOIN files f ON f.id = d.file_id;
CREATE VIEW stacks AS SELECT s.stack_id AS stack_id, s.kind AS kind, f.path AS path
  FROM stack_members s JOIN files f ON f.id = s.file_id;
)sql",
    // Films beside pictures, for live photos. What tells Apple's pairs from others stands in
    // headers that are read once more for it. Members of stacks have their key's columns first: in
    // another order SQLite 3.40's integrity_check takes the last one for NULL.
    R"sql(
ALTER TABLE metadata ADD COLUMN content_identifier TEXT;
CREATE TABLE films(
  id INTEGER PRIMARY KEY,
  path TEXT NOT NULL UNIQUE,
  path_bytes BLOB,
  size INTEGER NOT NULL,
  mtime_ns INTEGER NOT NULL,
  content_identifier TEXT,
  duration_s REAL,
  error TEXT
);
CREATE TABLE stack_films(
  stack_id INTEGER NOT NULL,
  film_id INTEGER NOT NULL REFERENCES films ON DELETE CASCADE,
  PRIMARY KEY (stack_id, film_id)
) WITHOUT ROWID;
CREATE INDEX stack_films_film ON stack_films(film_id);
DROP VIEW stacks;
CREATE TABLE ordered_members(
  stack_id INTEGER NOT NULL,
  file_id INTEGER NOT NULL REFERENCES files ON DELETE CASCADE,
  kind TEXT NOT NULL CHECK (kind IN ('raw+jpeg', 'burst', 'live')),
  PRIMARY KEY (stack_id, file_id)
) WITHOUT ROWID;
INSERT INTO ordered_members(stack_id, file_id, kind)
  SELECT stack_id, file_id, kind FROM stack_members;
DROP TABLE stack_members;
ALTER TABLE ordered_members RENAME TO stack_members;
CREATE INDEX stack_members_file ON stack_members(file_id);
CREATE VIEW stacks AS
  SELECT s.stack_id AS stack_id, s.kind AS kind, f.path AS path, 0 AS is_film
  FROM stack_members s JOIN files f ON f.id = s.file_id
  UNION ALL SELECT s.stack_id, 'live', f.path, 1
  FROM stack_films s JOIN films f ON f.id = s.film_id;
UPDATE files SET phases = phases & ~1
  WHERE id IN (SELECT file_id FROM metadata WHERE make = 'Apple');
)sql",
    // Marks for quality that do not end at 1: RenewMarks.
    R"sql()sql",
    // Sidecars, and what people say of a picture there. sidecar_stamp is SidecarStamp, 0 where
    // there was none; NULL, as here for all, has the headers read once more, and that alone: so it
    // does for what version 2 wanted to be read again.
    R"sql(
ALTER TABLE files ADD COLUMN sidecar TEXT;
ALTER TABLE files ADD COLUMN sidecar_stamp INTEGER;
ALTER TABLE metadata ADD COLUMN label TEXT;
ALTER TABLE metadata ADD COLUMN creator TEXT;
ALTER TABLE metadata ADD COLUMN copyright TEXT;
UPDATE files SET phases = phases | 1 WHERE id IN (SELECT file_id FROM metadata);
DROP VIEW photos;
CREATE VIEW photos AS SELECT
  f.path AS path, f.size AS size, f.mtime_ns / 1e9 AS mtime, f.content_hash AS content_hash,
  f.format AS format,
  m.width AS width, m.height AS height, m.orientation AS orientation,
  m.taken_at AS taken_at, m.taken_offset AS taken_offset,
  m.make AS make, m.model AS model, m.lens AS lens,
  m.focal_mm AS focal_mm, m.focal35_mm AS focal35_mm, m.aperture AS aperture,
  m.exposure_s AS exposure_s, m.iso AS iso, m.flash AS flash,
  m.gps_lat AS gps_lat, m.gps_lon AS gps_lon, m.gps_alt AS gps_alt,
  m.city AS city, m.country AS country,
  m.title AS title, m.description AS description, m.keywords AS keywords, m.rating AS rating,
  m.software AS software, m.color_profile AS color_profile, m.bit_depth AS bit_depth,
  m.is_animated AS is_animated, m.motion_photo AS motion_photo,
  q.phash AS phash, q.sharpness AS sharpness, q.subject_sharpness AS subject_sharpness,
  q.exposure AS exposure, q.contrast AS contrast, q.noise AS noise, q.colorfulness AS colorfulness,
  q.subject_share AS subject_share, q.subject_score AS subject_score,
  CASE WHEN s.file_id IS NOT NULL THEN
    (SELECT count(*) FROM faces WHERE file_id = f.id) END AS faces,
  q.dominant_colors AS dominant_colors, q.quality AS quality,
  s.embedding AS embedding, s.scene AS scene, s.scene_score AS scene_score,
  CASE WHEN s.file_id IS NOT NULL THEN
    (SELECT json_group_array(label) FROM (SELECT label FROM detections WHERE file_id = f.id
     GROUP BY label ORDER BY max(score) DESC, label)) END AS objects,
  f.status AS status, f.error AS error, f.scanned_at AS scanned_at, f.models AS model_versions,
  m.label AS label, m.creator AS creator, m.copyright AS copyright, f.sidecar AS sidecar
FROM files f
LEFT JOIN metadata m ON m.file_id = f.id
LEFT JOIN measures q ON q.file_id = f.id
LEFT JOIN scenes s ON s.file_id = f.id;
)sql",
};

// The marks of version 2 by the formula of version 3, out of the measures that both have.
Status RenewMarks(Database& database) {
  PEEL_ASSIGN_OR_RETURN(
      Statement row,
      database.Prepare("SELECT file_id, sharpness, exposure, contrast, noise, subject_sharpness, "
                       "subject_score FROM measures WHERE quality IS NOT NULL"));
  PEEL_ASSIGN_OR_RETURN(
      Statement update,
      database.Prepare("UPDATE measures SET quality = ?2, subject_score = ?3 WHERE file_id = ?1"));
  struct Marks {
    int64_t id;
    double quality;
    std::optional<double> subject;
  };
  std::vector<Marks> marks;  // a statement that reads should not meet what another writes
  while (true) {
    PEEL_ASSIGN_OR_RETURN(const bool has_row, row.Step());
    if (!has_row) break;
    const auto value = [&](int column) { return static_cast<float>(row.real(column)); };
    std::optional<double> subject = row.maybe_real(6);
    if (subject) {
      // The other factors stayed as they were.
      const float sharpness = value(5);
      const double before = 0.1 + 0.9 * std::min(1.0, sharpness / 0.8);
      subject = *subject * SharpnessMark(sharpness) / before;
    }
    marks.push_back({row.integer(0), QualityMark(value(1), value(2), value(3), value(4)), subject});
  }
  for (const Marks& one : marks) {
    update.Bind(1, one.id).BindReal(2, one.quality).BindReal(3, one.subject);
    PEEL_RETURN_IF_ERROR(update.Run());
  }
  return OkStatus();
}

}  // namespace

Result<int> LibraryVersion(Database& database) {
  PEEL_ASSIGN_OR_RETURN(const int64_t version, database.Integer("PRAGMA user_version"));
  PEEL_ASSIGN_OR_RETURN(const int64_t application, database.Integer("PRAGMA application_id"));
  PEEL_ASSIGN_OR_RETURN(const int64_t tables,
                        database.Integer("SELECT count(*) FROM sqlite_schema"));
  const bool is_empty = version == 0 && application == 0 && tables == 0;
  if (!is_empty && application != kApplicationId) {
    return Unsupported(database.path() +
                       ": is another program's database; name another file by --db");
  }
  if (version > kSchemaVersion) {
    return Unsupported(database.path() + ": was written by a newer version of Peel (layout " +
                       std::to_string(version) + ", this version knows " +
                       std::to_string(kSchemaVersion) +
                       "); use that version, or make a library of its own by --db FILE");
  }
  if (version < 0) return Corrupt(database.path() + ": has a layout number below 0");
  return static_cast<int>(version);
}

Status Migrate(Database& database, int last) {
  while (true) {
    // Looked at again inside of the transaction: another process may have just done it.
    PEEL_ASSIGN_OR_RETURN(const int before, LibraryVersion(database));
    if (before >= last) return OkStatus();
    PEEL_ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(database));
    PEEL_ASSIGN_OR_RETURN(const int version, LibraryVersion(database));
    if (version >= last) return OkStatus();
    PEEL_RETURN_IF_ERROR(database.Execute(kSteps[static_cast<size_t>(version)]));
    if (version == 2) PEEL_RETURN_IF_ERROR(RenewMarks(database));
    PEEL_RETURN_IF_ERROR(
        database.Execute("PRAGMA application_id = " + std::to_string(kApplicationId) +
                         "; PRAGMA user_version = " + std::to_string(version + 1)));
    PEEL_RETURN_IF_ERROR(transaction.Commit());
  }
}

}  // namespace peel::library

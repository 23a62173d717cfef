#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/status.h"
#include "src/library/store/photo_record.h"
#include "src/library/store/schema.h"
#include "src/library/store/sqlite.h"

namespace peel::library {

// One line of duplicate_members, one of stack_members.
struct DuplicateMember {
  int64_t group_id = 0;
  std::string tier;  // "exact", "same", "similar"
  int64_t file_id = 0;
  double distance = 0;
  bool best = false;
  std::string reason;
};
struct StackMember {
  int64_t stack_id = 0;
  std::string kind;  // "raw+jpeg", "burst", "live"
  int64_t file_id = 0;
};
// A live photo's film: a line of stack_films.
struct StackFilm {
  int64_t stack_id = 0;
  int64_t film_id = 0;
};

// A library in its file. By one thread at a time.
//
// Of a process that is killed at any moment, or a machine that loses its power, the library keeps
// what was committed, and is whole.
class Store {
 public:
  // kCreate makes the file (its folder must be there) and brings an older layout to today's; so
  // does kWrite without making the file. kRead changes nothing: an older layout is kUnsupported
  // there, with the way out. Errors as Database::Open and LibraryVersion have them.
  static Result<Store> Open(const std::string& path, Database::Mode mode);

  Database& database() { return database_; }

  // Between the two everything that is written is one transaction.
  Status Begin();
  Status Commit();
  void Rollback();

  // Makes or replaces the file's row with what belongs to it. What belongs to phases that are
  // neither kept nor new is deleted. Returns the row's id.
  Result<int64_t> Write(const PhotoRecord& record);
  // The same content has another name or time of modification now, or is there again after it was
  // gone.
  Status Move(int64_t id, const FileRecord& now);
  // The headers of a row's unchanged content, and its sidecar, were read again: metadata alone is
  // replaced, what else is known stays, errors among it. The rest is as Move has it.
  Status WriteMetadataAlone(int64_t id, const PhotoRecord& record);
  Status SetGone(int64_t id);
  Status Delete(int64_t id);
  Status DeleteFilm(int64_t id);

  // A row of `runs`, begun and ended. JSON texts.
  Result<int64_t> BeginRun(std::string_view version, std::string_view settings);
  Status EndRun(int64_t run, std::string_view figures, std::string_view report);
  // The run that rows are written for from now on.
  void set_run(int64_t run) { run_ = run; }

  // Replaces all of the groups, or stacks, that there are.
  Status WriteDuplicates(const std::vector<DuplicateMember>& members);
  Status WriteStacks(const std::vector<StackMember>& members, const std::vector<StackFilm>& films);

  // Moves what the log holds into the file, as far as readers let it.
  Status Checkpoint();

 private:
  Status PrepareWriting();
  Status WriteMetadata(int64_t id, const PhotoRecord& record);
  Status WriteContent(int64_t id, const ContentRecord& content);
  Status WriteLabels(int64_t id, const LabelsRecord& labels);

  Database database_;
  int64_t run_ = 0;
  struct Writers {
    Statement file, move, scanned, gone, remove, remove_film, metadata, measures, subject, scene,
        face, detection;
    Statement no_metadata, no_measures, no_subject, no_scene, no_faces, no_detections;
  };
  Writers write_;
};

// Now, UTC, ISO 8601 to the second: "2024-05-01T12:30:05Z".
std::string UtcNow();

}  // namespace peel::library

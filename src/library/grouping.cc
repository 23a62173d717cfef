#include "src/library/grouping.h"

#include <cstdio>
#include <mutex>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "src/base/hash.h"
#include "src/base/lower.h"
#include "src/base/thread_pool.h"
#include "src/library/duplicates/duplicate_groups.h"
#include "src/library/duplicates/stacks.h"
#include "src/library/file_identity.h"
#include "src/library/store/hash_bytes.h"
#include "src/library/taken_time.h"

namespace peel::library {
namespace {

int FormatRank(std::string_view format) {
  const std::string name = LowerAscii(format);
  if (name.empty()) return 0;
  if (name.find("raw") != std::string::npos) return 3;
  for (const std::string_view kept : {"png", "tiff", "bmp", "heic", "avif", "jxl", "jpeg xl"}) {
    if (name == kept) return 2;
  }
  return 1;
}

// What programs that edit pictures write into `Software`; cameras write their firmware there.
bool IsEditor(std::string_view software) {
  const std::string name = LowerAscii(software);
  for (const std::string_view editor :
       {"photoshop", "lightroom", "gimp", "snapseed", "affinity", "capture one", "darktable",
        "rawtherapee", "picsart", "vsco", "paint", "pixelmator", "imagemagick", "photos 1"}) {
    if (name.find(editor) != std::string::npos) return true;
  }
  return false;
}

// Of a path's folder, with the slash.
uint64_t FolderOf(std::string_view path) { return Hash64(path.substr(0, path.rfind('/') + 1)); }

// Folder and name without the extension, in lower case.
uint64_t StemOf(std::string_view path) {
  const size_t slash = path.rfind('/'), dot = path.rfind('.');
  const bool has_extension = dot != std::string_view::npos && dot > slash + 1;
  return Hash64(LowerAscii(has_extension ? path.substr(0, dot) : path));
}

// All files that are there, as the room of duplicates wants them.
class Gathered {
 public:
  Status Read(Store& store, uint64_t memory, const CancelToken* stop);
  HalfRows embeddings() const {
    return {rows_.data(), dimensions_ > 0 ? ids.size() : 0, dimensions_};
  }

  std::vector<int64_t> ids;
  std::vector<DuplicateItem> items;
  std::vector<StackItem> stack_items;
  std::vector<int64_t> film_ids;
  std::vector<FilmItem> films;
  std::string left_out;

 private:
  Status ReadFiles(Store& store, const CancelToken* stop);
  Status ReadFilms(Store& store);
  Status ReadEmbeddings(Store& store, uint64_t memory, const CancelToken* stop);

  std::vector<uint16_t> rows_;
  size_t dimensions_ = 0;
};

Status Gathered::Read(Store& store, uint64_t memory, const CancelToken* stop) {
  PEEL_RETURN_IF_ERROR(ReadFiles(store, stop));
  PEEL_RETURN_IF_ERROR(ReadFilms(store));
  return ReadEmbeddings(store, memory, stop);
}

Status Gathered::ReadFiles(Store& store, const CancelToken* stop) {
  PEEL_ASSIGN_OR_RETURN(
      Statement row,
      store.database().Prepare(
          "SELECT f.id, f.path, f.size, f.content_hash, f.format, m.width, m.height, m.make, "
          "m.model, m.taken_at, m.rating, m.software, q.phash, q.phash_quality, "
          "coalesce(q.subject_sharpness, q.sharpness), coalesce(q.subject_exposure, q.exposure), "
          "q.subject_cut_off, CASE WHEN EXISTS (SELECT 1 FROM scenes s WHERE s.file_id = f.id) "
          "THEN (SELECT count(*) FROM faces c WHERE c.file_id = f.id) ELSE 0 END, m.orientation, "
          "m.content_identifier, q.quality "
          "FROM files f LEFT JOIN metadata m ON m.file_id = f.id LEFT JOIN measures q ON q.file_id "
          "= f.id WHERE f.status IN ('ok', 'partial') ORDER BY f.path"));
  while (true) {
    PEEL_ASSIGN_OR_RETURN(const bool has_row, row.Step());
    if (!has_row) return OkStatus();
    if ((ids.size() & 1023) == 0) PEEL_RETURN_IF_ERROR(CheckCancelled(stop));
    ids.push_back(row.integer(0));
    DuplicateItem& item = items.emplace_back();
    item.content_hash = HashOfText(row.text(3)).value_or(0);
    if (!row.is_null(12)) {
      const Result<PdqHash> hash = ParsePdqHash(row.text(12));
      if (hash.ok()) {
        item.hash = *hash;
        item.hash_quality = static_cast<int>(row.integer(13));
      }
    }
    const std::string camera = std::string(row.text(7)) + '\n' + std::string(row.text(8));
    item.camera = camera.size() > 1 ? Hash64(camera) : 0;
    item.taken_ms = TakenMilliseconds(row.text(9)).value_or(kNoTime);
    ShotFacts& facts = item.facts;
    facts.width = static_cast<int>(row.integer(5));
    facts.height = static_cast<int>(row.integer(6));
    if (row.integer(18) >= 5) std::swap(facts.width, facts.height);
    facts.bytes = static_cast<uint64_t>(row.integer(2));
    facts.format_rank = FormatRank(row.text(4));
    facts.camera_metadata = item.camera != 0 && item.taken_ms != kNoTime;
    facts.edited = IsEditor(row.text(11));
    facts.rating = static_cast<int>(row.integer(10));
    facts.sharpness = static_cast<float>(row.maybe_real(14).value_or(-1));
    facts.exposure = static_cast<float>(row.real(15));
    facts.quality = static_cast<float>(row.maybe_real(20).value_or(-1));
    facts.cut_off = row.integer(16) != 0;
    facts.faces = static_cast<int>(row.integer(17));
    StackItem& stack = stack_items.emplace_back();
    stack.stem = StemOf(row.text(1));
    stack.folder = FolderOf(row.text(1));
    stack.is_raw = facts.format_rank == 3;
    const std::string format = LowerAscii(row.text(4));
    stack.may_be_live = format == "jpeg" || format == "heic";
    stack.identifier = row.text(19).empty() ? 0 : Hash64(row.text(19));
    stack.camera = item.camera;
    stack.taken_ms = item.taken_ms;
    stack.hash = item.hash;
    stack.hash_quality = item.hash_quality;
  }
}

Status Gathered::ReadFilms(Store& store) {
  PEEL_ASSIGN_OR_RETURN(
      Statement row,
      store.database().Prepare(
          "SELECT id, path, content_identifier, duration_s FROM films ORDER BY path"));
  while (true) {
    PEEL_ASSIGN_OR_RETURN(const bool has_row, row.Step());
    if (!has_row) return OkStatus();
    film_ids.push_back(row.integer(0));
    FilmItem& film = films.emplace_back();
    film.stem = StemOf(row.text(1));
    film.folder = FolderOf(row.text(1));
    film.identifier = row.text(2).empty() ? 0 : Hash64(row.text(2));
    film.duration_s = row.maybe_real(3);
  }
}

Status Gathered::ReadEmbeddings(Store& store, uint64_t memory, const CancelToken* stop) {
  PEEL_ASSIGN_OR_RETURN(
      const int64_t bytes,
      store.database().Integer("SELECT coalesce(max(length(embedding)), 0) FROM scenes"));
  if (bytes < 2) return OkStatus();
  const uint64_t needed = static_cast<uint64_t>(bytes) * ids.size();
  if (memory > 0 && needed > memory) {
    left_out = "Look-alikes were not looked for, as their embeddings need " +
               std::to_string(needed >> 20) + " MiB of memory; give more by --memory";
    return OkStatus();
  }
  const size_t dimensions = static_cast<size_t>(bytes) / 2;
  rows_.assign(dimensions * ids.size(), 0);
  PEEL_ASSIGN_OR_RETURN(Statement row,
                        store.database().Prepare("SELECT s.embedding FROM files f JOIN scenes s ON "
                                                 "s.file_id = f.id WHERE f.id = ?1"));
  for (size_t i = 0; i < ids.size(); ++i) {
    if ((i & 1023) == 0) PEEL_RETURN_IF_ERROR(CheckCancelled(stop));
    PEEL_ASSIGN_OR_RETURN(const bool has_row, row.Bind(1, ids[i]).Step());
    if (!has_row) continue;
    const std::span<const uint8_t> embedding = row.blob(0);
    // Those of another model say nothing beside these.
    if (embedding.size() == dimensions * 2) {
      for (size_t k = 0; k < dimensions; ++k) {
        rows_[i * dimensions + k] =
            static_cast<uint16_t>(embedding[2 * k] | embedding[2 * k + 1] << 8);
      }
    }
    row.Reset();
  }
  dimensions_ = dimensions;
  return OkStatus();
}

// The hashes of one row at a time, for several threads.
class HashReader {
 public:
  explicit HashReader(Statement statement) : statement_(std::move(statement)) {}

  Result<PdqHashes> Read(int64_t id) {
    const std::lock_guard lock(mutex_);
    PEEL_ASSIGN_OR_RETURN(const bool has_row, statement_.Bind(1, id).Step());
    if (!has_row) return PdqHashes{};
    Result<PdqHashes> hashes =
        HashesOfBytes(statement_.blob(0), static_cast<int>(statement_.integer(1)));
    statement_.Reset();
    return hashes;
  }

 private:
  std::mutex mutex_;
  Statement statement_;
};

}  // namespace

Result<GroupFigures> WriteGroups(Store& store, int threads, uint64_t memory,
                                 const CancelToken* stop) {
  GroupFigures figures;
  Gathered all;
  PEEL_RETURN_IF_ERROR(all.Read(store, memory, stop));
  figures.left_out = all.left_out;
  const std::vector<Stack> stacks = FindStacks(all.stack_items, all.films, all.embeddings());
  figures.stacks = stacks.size();
  for (const Stack& stack : stacks) {
    figures.films_of_stills += stack.films.size();
    if (stack.kind != StackKind::kLive) continue;
    for (const size_t item : stack.members) all.items[item].facts.has_film = true;
  }
  PEEL_ASSIGN_OR_RETURN(
      Statement hashes,
      store.database().Prepare(
          "SELECT orientation_hashes, phash_quality FROM measures WHERE file_id = ?1"));
  HashReader reader(std::move(hashes));
  ThreadPool pool(threads);
  PEEL_ASSIGN_OR_RETURN(const std::vector<DuplicateGroup> groups,
                        FindDuplicates(
                            all.items, [&](size_t item) { return reader.Read(all.ids[item]); },
                            all.embeddings(), DuplicateOptions{}, &pool));
  PEEL_RETURN_IF_ERROR(CheckCancelled(stop));
  std::vector<DuplicateMember> members;
  for (size_t i = 0; i < groups.size(); ++i) {
    const DuplicateGroup& group = groups[i];
    ++figures.duplicate_groups[static_cast<size_t>(group.tier)];
    for (const GroupMember& member : group.members) {
      members.push_back({static_cast<int64_t>(i) + 1, TierName(group.tier), all.ids[member.item],
                         member.distance, member.best, member.reason});
    }
  }
  std::vector<StackMember> stacked;
  std::vector<StackFilm> films;
  for (size_t i = 0; i < stacks.size(); ++i) {
    const int64_t number = static_cast<int64_t>(i) + 1;
    for (const size_t item : stacks[i].members) {
      stacked.push_back({number, StackName(stacks[i].kind), all.ids[item]});
    }
    for (const size_t film : stacks[i].films) films.push_back({number, all.film_ids[film]});
  }
  PEEL_RETURN_IF_ERROR(store.WriteDuplicates(members));
  PEEL_RETURN_IF_ERROR(store.WriteStacks(stacked, films));
  return figures;
}

}  // namespace peel::library

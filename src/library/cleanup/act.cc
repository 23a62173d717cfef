#include "src/library/cleanup/act.h"

#include <cerrno>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "src/base/os/file.h"
#include "src/base/os/files.h"
#include "src/library/cleanup/file_moves.h"
#include "src/library/cleanup/knowledge.h"
#include "src/library/cleanup/live_films.h"
#include "src/library/cleanup/move_together.h"
#include "src/library/cleanup/sidecar.h"
#include "src/library/cleanup/undo_script.h"
#include "src/library/store/path_text.h"

namespace peel::library {
namespace {

namespace fs = std::filesystem;

// What the library knows of a file of the plan.
struct KnownFile {
  int64_t id = 0;
  std::string path;  // the name itself
  uint64_t size = 0;
  int64_t modified = 0;
  std::optional<int64_t> sidecar;         // SidecarStamp; nothing: not known
  std::map<int64_t, std::string> groups;  // number and tier
};

Result<std::optional<KnownFile>> FindFile(Store& store, const std::string& path_text) {
  PEEL_ASSIGN_OR_RETURN(
      Statement row,
      store.database().Prepare(
          "SELECT f.id, f.path, f.path_bytes, f.size, f.mtime_ns, d.group_id, "
          "d.tier, f.sidecar_stamp FROM files f LEFT JOIN duplicate_members d ON d.file_id = f.id "
          "WHERE f.path = ?1 AND f.status <> 'gone'"));
  row.Bind(1, std::string_view{path_text});
  std::optional<KnownFile> file;
  while (true) {
    PEEL_ASSIGN_OR_RETURN(const bool has_row, row.Step());
    if (!has_row) return file;
    if (!file) {
      file.emplace();
      file->id = row.integer(0);
      file->path = PathOfRow(row.text(1), row.blob(2));
      file->size = static_cast<uint64_t>(row.integer(3));
      file->modified = row.integer(4);
      if (!row.is_null(7)) file->sidecar = row.integer(7);
    }
    if (!row.is_null(5)) file->groups.emplace(row.integer(5), std::string(row.text(6)));
  }
}

Status AtLine(const PlannedFile& file, const std::string& what) {
  const std::string where = file.line > 0 ? "line " + std::to_string(file.line) + ": " : "";
  return InvalidArgument(where + file.path_text + ": " + what);
}

// Why a file is not what the library knows; "" where it is. known: a KnownFile or a LiveFilm.
template <typename Known>
std::string Difference(const Known& known) {
  const std::optional<FileInfo> info = InfoOfLink(known.path);
  if (!info) {
    return errno == ENOENT ? "is no longer there" : std::generic_category().message(errno);
  }
  if (!info->is_file()) return "is no regular file";
  if (info->size != known.size || info->modified != known.modified) {
    return "has changed since it was scanned; scan again";
  }
  return "";
}

bool IsExact(const KnownFile& file, const KnownFile& kept) {
  for (const auto& [group, tier] : file.groups) {
    if (tier == "exact" && kept.groups.contains(group)) return true;
  }
  return false;
}

// The kept file of the plan's group that this one is a duplicate of: of exact copies before others.
const KnownFile* KeptFor(const KnownFile& file, const std::vector<KnownFile>& kept) {
  const KnownFile* found = nullptr;
  for (const KnownFile& one : kept) {
    if (IsExact(file, one)) return &one;
    for (const auto& [group, tier] : file.groups) {
      if (found == nullptr && one.groups.contains(group)) found = &one;
    }
  }
  return found;
}

struct Pair {
  KnownFile file, kept;
};

// A group's work: each file that is to go, with the one that stays for it.
struct Work {
  std::vector<Pair> pairs;
  std::vector<std::string> merge;  // PlannedGroup's
};

Result<Work> WorkOf(Store& store, const PlannedGroup& group, bool hardlink) {
  std::vector<std::pair<const PlannedFile*, KnownFile>> moved;
  std::vector<KnownFile> kept;
  for (const PlannedFile& planned : group.files) {
    PEEL_ASSIGN_OR_RETURN(std::optional<KnownFile> file, FindFile(store, planned.path_text));
    if (!file) return AtLine(planned, "is not in the library; a plan moves nothing else");
    if (planned.keep) {
      kept.push_back(*std::move(file));
    } else {
      moved.emplace_back(&planned, *std::move(file));
    }
  }
  Work work;
  work.merge = group.merge;
  for (auto& [planned, file] : moved) {
    const KnownFile* const stays = KeptFor(file, kept);
    if (stays == nullptr) {
      return AtLine(*planned, "none of the files that this group keeps is a duplicate of it");
    }
    if (hardlink && !IsExact(file, *stays)) {
      return AtLine(*planned,
                    "is no exact copy of what is kept; hard links are for exact copies alone: plan "
                    "with --tier exact, or use --move");
    }
    if (hardlink && !group.merge.empty()) {
      return AtLine(*planned,
                    "hard links drop nothing that would have to be merged; take the line `merge` "
                    "out, or use --move");
    }
    work.pairs.push_back({std::move(file), *stays});
  }
  return work;
}

std::string CommonFolder(const std::vector<Work>& groups) {
  std::string common;
  bool is_first = true;
  for (const Work& work : groups) {
    for (const Pair& pair : work.pairs) {
      const std::string folder = pair.file.path.substr(0, pair.file.path.find_last_of('/') + 1);
      if (std::exchange(is_first, false)) common = folder;
      while (!common.empty() && !folder.starts_with(common)) {
        common.erase(common.find_last_of('/', common.size() - 2) + 1);
      }
    }
  }
  return common.empty() ? "/" : common;
}

class Cleanup {
 public:
  Cleanup(Store& store, const CleanupOptions& options) : store_(store), options_(options) {}

  Result<CleanupResult> Run(const std::vector<Work>& groups) {
    const std::string root = CommonFolder(groups);
    for (const Work& work : groups) {
      beside_.clear();
      for (const Pair& pair : work.pairs) {
        if (!CheckCancelled(options_.cancel).ok()) {
          result_.cancelled = true;
          return std::move(result_);
        }
        PEEL_RETURN_IF_ERROR(Act(pair, work, root));
      }
    }
    return std::move(result_);
  }

 private:
  void Skip(const KnownFile& file, const std::string& why) {
    ++result_.skipped;
    options_.told(file.path + ": " + why, true);
  }

  Status Act(const Pair& pair, const Work& work, const std::string& root) {
    const std::optional<FileInfo> a = InfoOfLink(pair.file.path), b = InfoOfLink(pair.kept.path);
    if (a && b && a->number != 0 && a->is_same(*b)) {
      options_.told(pair.file.path + " is one file with " + pair.kept.path + " already", false);
      return OkStatus();
    }
    if (const std::string why = Difference(pair.file); !why.empty()) {
      Skip(pair.file, why);
      return OkStatus();
    }
    if (const std::string why = Difference(pair.kept); !why.empty()) {
      Skip(pair.file, "left alone, as " + pair.kept.path + " " + why);
      return OkStatus();
    }
    if (IsExact(pair.file, pair.kept)) {
      const Result<bool> same = HaveSameBytes(pair.file.path, pair.kept.path);
      if (!same.ok() || !*same) {
        Skip(pair.file,
             same.ok() ? "is no longer the same as " + pair.kept.path : same.status().message());
        return OkStatus();
      }
    }
    if (options_.hardlink) return Link(pair);
    if (!work.merge.empty()) {
      if (!beside_.contains(pair.kept.id)) {
        PEEL_ASSIGN_OR_RETURN(beside_[pair.kept.id], WriteBeside(pair.kept, work, root));
      }
      if (const std::string& why = beside_[pair.kept.id]; !why.empty()) {
        Skip(pair.file, "left alone: " + why);
        return OkStatus();
      }
    }
    return Move(pair, root);
  }

  // What the group's files that go for this kept one know and it does not, into its sidecar.
  // Returns what keeps that from being written.
  Result<std::string> WriteBeside(const KnownFile& kept, const Work& work,
                                  const std::string& root) {
    const Beside beside = LookBeside(kept.path);
    if (!beside.own && kept.sidecar && *kept.sidecar != SidecarStamp(beside.file)) {
      return "the sidecar of " + kept.path + " has changed since it was scanned; scan again";
    }
    PEEL_ASSIGN_OR_RETURN(Knowledge known, ReadKnowledge(store_, kept.id));
    if (beside.own) PutOver(*beside.own, &known);  // it may be younger than the scan
    std::vector<Knowledge> others;
    for (const Pair& pair : work.pairs) {
      if (pair.kept.id != kept.id) continue;
      PEEL_ASSIGN_OR_RETURN(others.emplace_back(), ReadKnowledge(store_, pair.file.id));
    }
    const Knowledge missing = Missing(known, others, work.merge);
    if (missing.empty()) return std::string();
    if (beside.file.exists() && !beside.own) {
      return "what it alone knows belongs into a sidecar of " + kept.path +
             ", which has one already: " + beside.file.path +
             " is not written over. Add it there and take the line `merge` out of the plan, or "
             "run without --merge";
    }
    Knowledge all = beside.own.value_or(Knowledge());
    PutOver(missing, &all);
    const std::string sidecar = beside.own ? beside.file.path : SidecarOf(kept.path);
    PEEL_ASSIGN_OR_RETURN(const std::string problem, Write(kept, sidecar, SidecarXmp(all), root));
    if (!problem.empty()) return sidecar + ": " + problem;
    ++result_.sidecars;
    written_.insert(sidecar);
    options_.told(sidecar + (beside.own ? " merged with: " : " written: ") + KnowledgeText(missing),
                  false);
    return std::string();
  }

  // Taken back, a sidecar is put where the files are that went, and an earlier one comes back from
  // there; nothing is deleted. Fails as the script does; what fails of the sidecar is returned.
  Result<std::string> Write(const KnownFile& kept, const std::string& sidecar,
                            const std::string& text, const std::string& root) {
    // Of the same run there is a line already that takes all of it back.
    if (written_.contains(sidecar)) return ReplaceSidecar(sidecar, text, "").message();
    const fs::path aside = fs::path(options_.move_to) / (sidecar.starts_with(root)
                                                             ? fs::path(sidecar.substr(root.size()))
                                                             : fs::path(sidecar).filename());
    PEEL_RETURN_IF_ERROR(CreateFolders(aside.parent_path().string()));
    PEEL_RETURN_IF_ERROR(NeedScript(options_.move_to));
    const std::string name = FreeName(aside.string());
    if (!InfoOfLink(sidecar)) {
      PEEL_RETURN_IF_ERROR(script_->AddMove(sidecar, name));
      return WriteSidecar(kept.path, text).message();
    }
    const std::string merged = FreeName(fs::path(name).replace_extension(".merged.xmp").string());
    PEEL_RETURN_IF_ERROR(script_->AddReplaced(sidecar, name, merged));
    return ReplaceSidecar(sidecar, text, name).message();
  }

  // Nobody's yet. That ten thousand are taken is told by what writes there.
  static std::string FreeName(const std::string& path) {
    int number = 1;
    while (number < 10000 && InfoOfLink(NumberedName(path, number))) ++number;
    return NumberedName(path, number);
  }

  Status NeedScript(const std::string& folder) {
    if (script_) return OkStatus();
    PEEL_ASSIGN_OR_RETURN(script_, UndoScript::Create(folder));
    result_.undo_script = script_->path();
    return OkStatus();
  }

  Status Move(const Pair& pair, const std::string& root) {
    PEEL_ASSIGN_OR_RETURN(const std::vector<LiveFilm> films, FilmsOfPicture(store_, pair.file.id));
    for (const LiveFilm& film : films) {
      const std::string why = Difference(film);
      if (why.empty()) continue;
      Skip(pair.file, "left alone, as its film " + film.path + " " + why);
      return OkStatus();
    }
    PEEL_ASSIGN_OR_RETURN(const std::vector<SidecarFile> sidecars,
                          SidecarsToMove(store_, pair.file.path));
    const SidecarFile beside = FindSidecar(pair.file.path);
    if (beside.exists() && pair.file.sidecar && *pair.file.sidecar != SidecarStamp(beside)) {
      Skip(pair.file, "left alone, as its sidecar " + beside.path +
                          " has changed since it was scanned; scan again");
      return OkStatus();
    }
    const fs::path to = fs::path(options_.move_to) / pair.file.path.substr(root.size());
    PEEL_RETURN_IF_ERROR(CreateFolders(to.parent_path().string()));
    PEEL_RETURN_IF_ERROR(NeedScript(options_.move_to));
    const Result<std::string> name =
        MoveTogether(pair.file.path, to.string(), films, sidecars, *script_);
    if (!name.ok()) {
      Skip(pair.file, name.status().message());
      return OkStatus();
    }
    std::string told = pair.file.path + " moved to " + *name;
    for (const LiveFilm& film : films) {
      told += ", with its film " + film.path;
      ++result_.films;
      result_.bytes += film.size;
    }
    for (const SidecarFile& sidecar : sidecars) {
      told += ", with its sidecar " + sidecar.path;
      ++result_.moved_sidecars;
    }
    Done(pair, told);
    // The library learns it now or at the next scan; that it is locked is no reason to stop.
    knows_all_ = knows_all_ && options_.may_write && store_.SetGone(pair.file.id).ok();
    for (const LiveFilm& film : films) knows_all_ = knows_all_ && store_.DeleteFilm(film.id).ok();
    return OkStatus();
  }

  Status Link(const Pair& pair) {
    PEEL_RETURN_IF_ERROR(NeedScript(fs::path(store_.database().path()).parent_path().string()));
    PEEL_RETURN_IF_ERROR(script_->AddUnlink(pair.file.path));
    const Status status = ReplaceByLink(pair.kept.path, pair.file.path);
    if (!status.ok()) {
      Skip(pair.file, status.message());
      return OkStatus();
    }
    Done(pair, pair.file.path + " is now one file with " + pair.kept.path);
    return OkStatus();
  }

  void Done(const Pair& pair, const std::string& text) {
    ++result_.done;
    result_.bytes += pair.file.size;
    options_.told(text, false);
  }

  Store& store_;
  const CleanupOptions& options_;
  CleanupResult result_;
  std::optional<UndoScript> script_;
  std::map<int64_t, std::string>
      beside_;                     // of the group's kept files: why no sidecar; "": is there
  std::set<std::string> written_;  // sidecars of this run
  bool knows_all_ = true;  // false: the library could not be written, and is not waited for again
};

}  // namespace

Status CheckPlan(Store& store, const std::vector<PlannedGroup>& groups,
                 const CleanupOptions& options) {
  for (const PlannedGroup& group : groups) {
    PEEL_RETURN_IF_ERROR(WorkOf(store, group, options.hardlink).status());
  }
  return OkStatus();
}

Result<CleanupResult> ActOnPlan(Store& store, const std::vector<PlannedGroup>& groups,
                                const CleanupOptions& options) {
  std::vector<Work> work;
  for (const PlannedGroup& group : groups) {
    PEEL_ASSIGN_OR_RETURN(work.emplace_back(), WorkOf(store, group, options.hardlink));
  }
  return Cleanup(store, options).Run(work);
}

}  // namespace peel::library

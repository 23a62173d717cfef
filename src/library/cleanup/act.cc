#include "src/library/cleanup/act.h"

#include <cerrno>
#include <filesystem>
#include <map>
#include <optional>
#include <system_error>
#include <utility>

#include "src/base/os/file.h"
#include "src/library/cleanup/file_moves.h"
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
  std::map<int64_t, std::string> groups;  // number and tier
};

Result<std::optional<KnownFile>> FindFile(Store& store, const std::string& path_text) {
  PEEL_ASSIGN_OR_RETURN(Statement row,
                        store.database().Prepare(
                            "SELECT f.id, f.path, f.path_bytes, f.size, f.mtime_ns, d.group_id, "
                            "d.tier FROM files f LEFT JOIN duplicate_members d ON d.file_id = f.id "
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
    }
    if (!row.is_null(5)) file->groups.emplace(row.integer(5), std::string(row.text(6)));
  }
}

Status AtLine(const PlannedFile& file, const std::string& what) {
  const std::string where = file.line > 0 ? "line " + std::to_string(file.line) + ": " : "";
  return InvalidArgument(where + file.path_text + ": " + what);
}

// Why a file is not what the library knows; "" where it is.
std::string Difference(const KnownFile& known) {
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

// Each file of a group that is to go, with the one that stays for it.
Result<std::vector<Pair>> PairsOf(Store& store, const PlannedGroup& group, bool hardlink) {
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
  std::vector<Pair> pairs;
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
    pairs.push_back({std::move(file), *stays});
  }
  return pairs;
}

std::string CommonFolder(const std::vector<std::vector<Pair>>& groups) {
  std::string common;
  bool is_first = true;
  for (const std::vector<Pair>& pairs : groups) {
    for (const Pair& pair : pairs) {
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

  Result<CleanupResult> Run(const std::vector<std::vector<Pair>>& groups) {
    const std::string root = CommonFolder(groups);
    for (const std::vector<Pair>& pairs : groups) {
      for (const Pair& pair : pairs) {
        if (!CheckCancelled(options_.cancel).ok()) {
          result_.cancelled = true;
          return std::move(result_);
        }
        PEEL_RETURN_IF_ERROR(Act(pair, root));
      }
    }
    return std::move(result_);
  }

 private:
  void Skip(const KnownFile& file, const std::string& why) {
    ++result_.skipped;
    options_.told(file.path + ": " + why, true);
  }

  Status Act(const Pair& pair, const std::string& root) {
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
    return options_.hardlink ? Link(pair) : Move(pair, root);
  }

  Status NeedScript(const std::string& folder) {
    if (script_) return OkStatus();
    PEEL_ASSIGN_OR_RETURN(script_, UndoScript::Create(folder));
    result_.undo_script = script_->path();
    return OkStatus();
  }

  Status Move(const Pair& pair, const std::string& root) {
    const fs::path to = fs::path(options_.move_to) / pair.file.path.substr(root.size());
    std::error_code error;
    fs::create_directories(to.parent_path(), error);
    if (error) return IoError(to.parent_path().string() + ": " + error.message());
    PEEL_RETURN_IF_ERROR(NeedScript(options_.move_to));
    const Result<std::string> name =
        MoveToFreeName(pair.file.path, to.string(), [&](const std::string& tried) {
          // A name that is taken must not be what the script moves back.
          return InfoOfLink(tried) ? OkStatus() : script_->AddMove(tried, pair.file.path);
        });
    if (!name.ok()) {
      Skip(pair.file, name.status().message());
      return OkStatus();
    }
    Done(pair, pair.file.path + " moved to " + *name);
    // The library learns it now or at the next scan; that it is locked is no reason to stop.
    knows_all_ = knows_all_ && options_.may_write && store_.SetGone(pair.file.id).ok();
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
  bool knows_all_ = true;  // false: the library could not be written, and is not waited for again
};

}  // namespace

Status CheckPlan(Store& store, const std::vector<PlannedGroup>& groups,
                 const CleanupOptions& options) {
  for (const PlannedGroup& group : groups) {
    PEEL_RETURN_IF_ERROR(PairsOf(store, group, options.hardlink).status());
  }
  return OkStatus();
}

Result<CleanupResult> ActOnPlan(Store& store, const std::vector<PlannedGroup>& groups,
                                const CleanupOptions& options) {
  std::vector<std::vector<Pair>> pairs;
  for (const PlannedGroup& group : groups) {
    PEEL_ASSIGN_OR_RETURN(std::vector<Pair> of_group, PairsOf(store, group, options.hardlink));
    pairs.push_back(std::move(of_group));
  }
  return Cleanup(store, options).Run(pairs);
}

}  // namespace peel::library

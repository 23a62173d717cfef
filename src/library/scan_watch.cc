// A scan that goes on: pictures and sidecars that are written while it watches.
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "src/base/os/file.h"
#include "src/library/scan_course.h"
#include "src/library/scan_films.h"
#include "src/pipeline/folder/watch.h"

namespace peel::library {

namespace fs = std::filesystem;

std::optional<KnownFiles::Entry> Scan::Row(const std::string& path) {
  std::optional<KnownFiles::Entry> found;
  const Status looked = session_->writer().Look([&](Store& store) -> Status {
    PEEL_ASSIGN_OR_RETURN(
        found, FindKnown(store, path,
                         session_->networks() != nullptr ? session_->networks()->models() : ""));
    return OkStatus();
  });
  return looked.ok() ? found : std::nullopt;
}

// A picture while watching.
Status Scan::LookAgain(const std::string& path) {
  std::optional<KnownFiles::Entry> row = Row(path);
  const std::optional<FileInfo> info = InfoOf(path);
  const SidecarFile sidecar = FindSidecar(path);
  const bool same = row && info && info->size == row->size && info->modified == row->mtime_ns &&
                    !row->is_gone && row->sidecar == SidecarStamp(sidecar) && !NeedsWork(*row);
  if (!same) {
    bool given = false;
    PEEL_RETURN_IF_ERROR(session_->Work([&]() -> std::optional<ScanTask> {
      if (given) return std::nullopt;
      given = true;
      return ScanTask{path, row ? &*row : nullptr, sidecar};
    }));
    PEEL_RETURN_IF_ERROR(session_->Commit());
    ++figures_.files;
    changed_ = true;
  }
  return OkStatus();
}

// What is to be looked at for a file that was written: itself, or the pictures whose sidecar it is.
// One that is not in the library yet finds its sidecar when its own turn comes.
Result<std::vector<std::string>> Scan::PicturesOf(const std::string& path) {
  std::vector<std::string> pictures = {path};
  if (!HasSidecarExtension(path)) return pictures;
  PEEL_RETURN_IF_ERROR(session_->writer().Look([&](Store& store) -> Status {
    PEEL_ASSIGN_OR_RETURN(pictures, PicturesOfSidecar(store, path));
    return OkStatus();
  }));
  return pictures;
}

Status Scan::Watch() {
  FolderWatcher::Options watching;
  for (const std::string& name : roots_.names) {
    std::error_code error;
    if (fs::is_directory(name, error)) watching.folders.push_back(name);
  }
  watching.recursive = options_.recursive;
  watching.sidecars = true;
  watching.passed_over = [this](const PassedOver& passed) {
    session_->Report(passed.input.path, "passed over", "as it " + passed.reason);
  };
  PEEL_ASSIGN_OR_RETURN(const std::unique_ptr<FolderWatcher> watcher,
                        FolderWatcher::Start(watching));
  is_watching_ = true;
  const size_t folders = watcher->folder_count();
  Note("watching " + std::to_string(folders) + (folders == 1 ? " folder" : " folders") +
           "; Ctrl-C ends",
       false);
  while (std::optional<Input> input = watcher->Next(options_.stop)) {
    const std::string path = fs::path(input->path).lexically_normal().string();
    PEEL_ASSIGN_OR_RETURN(const std::vector<std::string> pictures, PicturesOf(path));
    for (const std::string& picture : pictures) PEEL_RETURN_IF_ERROR(LookAgain(picture));
    watcher->Finished(input->path);
  }
  PEEL_RETURN_IF_ERROR(watcher->status());
  // The stop was the watching's; a second one ends this as well, by the signal itself.
  if (!options_.regroup) return OkStatus();
  // Films are not watched for: they come before their pictures or behind them.
  list_.films = ExpandInputs(roots_.names, options_.recursive).films;
  figures_.films = list_.films.size();
  PEEL_ASSIGN_OR_RETURN(
      const FilmChanges changes,
      UpdateFilms(*store_, list_.films, roots_, nullptr, [](const auto&, const auto&) {}));
  changed_ |= changes.any();
  return changed_ ? Group(nullptr) : OkStatus();
}

}  // namespace peel::library

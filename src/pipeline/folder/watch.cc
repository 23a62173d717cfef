#include "src/pipeline/folder/watch.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "src/base/os/file.h"
#include "src/base/os/files.h"
#include "src/base/os/folder_events.h"
#include "src/pipeline/folder/folder_listing.h"

namespace peel {
namespace {

namespace fs = std::filesystem;

std::string Reason(int error) { return std::generic_category().message(error); }

Status CannotWatch(const std::string& path, int error) {
  std::string text = path + ": cannot be watched (" + Reason(error) + ")";
  if (const std::string advice = FolderEvents::Advice(error); !advice.empty())
    text += "; " + advice;
  return IoError(std::move(text));
}

}  // namespace

Result<std::unique_ptr<FolderWatcher>> FolderWatcher::Start(const Options& options) {
  std::unique_ptr<FolderWatcher> watcher(new FolderWatcher(options));
  if (const int error = watcher->events_.Open(); error != 0) return CannotWatch("folders", error);
  for (const std::string& folder : options.folders) {
    std::error_code error;
    if (!fs::is_directory(folder, error)) {
      return InvalidArgument(folder + ": is not a folder; --watch takes only folders");
    }
    PEEL_RETURN_IF_ERROR(watcher->Add(folder, "", true));
    watcher->Scan(folder, "");
    PEEL_RETURN_IF_ERROR(watcher->status_);
  }
  return watcher;
}

Status FolderWatcher::Add(const std::string& path, const std::string& subfolder, bool root) {
  const int number = events_.Add(path);
  if (number < 0) {
    // Gone again, or never ours to read: its pictures could not be read either.
    if (!root && (errno == ENOENT || errno == ENOTDIR || errno == EACCES)) return OkStatus();
    return CannotWatch(path, errno);
  }
  watches_[number] = {path, subfolder, root};
  return OkStatus();
}

// Watches first and lists then: what comes between is seen twice rather than never.
void FolderWatcher::Scan(const std::string& path, const std::string& subfolder) {
  const FolderListing listing = FolderListing::Read(path);
  std::error_code error;
  for (size_t i = 0; i < listing.size() && status_.ok(); ++i) {
    const std::string name = listing.Name(i), entry = (fs::path(path) / name).string();
    if (!fs::is_directory(entry, error)) {
      Notice(entry, subfolder, /*settled=*/true);
    } else if (options_.recursive) {
      Enter(entry, subfolder.empty() ? name : subfolder + "/" + name,
            fs::is_symlink(fs::symlink_status(entry, error)));
    }
  }
}

// A sub-folder, or a link to a folder.
void FolderWatcher::Enter(const std::string& path, const std::string& subfolder, bool link) {
  std::string why_not;
  if (link) why_not = LeadsUp(path);
  if (link && why_not.empty()) {
    for (const auto& [number, watch] : watches_) {
      if (watch.path != path && IsSameFile(watch.path, path)) {
        why_not = "is a link to a folder that is watched already";
      }
    }
  }
  if (!why_not.empty()) {
    if (options_.passed_over) options_.passed_over({{path, subfolder}, why_not});
    return;
  }
  status_ = Add(path, subfolder, false);
  if (status_.ok()) Scan(path, subfolder);
}

void FolderWatcher::Forget(const std::string& path) {
  const auto inside = [&](const std::string& name) {
    return name == path || name.starts_with(path + "/");
  };
  for (auto it = watches_.begin(); it != watches_.end();) {
    if (inside(it->second.path)) {
      events_.Remove(it->first);
      it = watches_.erase(it);
    } else {
      ++it;
    }
  }
  std::erase_if(candidates_, [&](const auto& entry) { return inside(entry.first); });
}

void FolderWatcher::Notice(const std::string& path, const std::string& subfolder, bool settled) {
  const std::string name = fs::path(path).filename().string();
  if (name.starts_with(".")) return;
  Candidate& candidate = candidates_[path];
  candidate.input = {path, subfolder};
  candidate.due = Clock::now() + options_.settle;
  const auto info = InfoOf(path);
  if (!info) return;
  candidate.size = info->size;
  candidate.modified = info->modified;
  // What has long been there is taken at once.
  const auto age = std::chrono::system_clock::now().time_since_epoch() -
                   std::chrono::nanoseconds(candidate.modified);
  if (settled && age > options_.settle) candidate.due = Clock::now();
}

void FolderWatcher::Handle(const FolderEvent& event) {
  if (event.lost) {  // some events are lost: look at everything
    const std::map<int, Watch> known = watches_;
    for (const auto& [number, watch] : known) {
      if (watch.root) Scan(watch.path, watch.subfolder);
    }
    return;
  }
  const auto found = watches_.find(event.watch);
  if (found == watches_.end()) return;
  const Watch watch = found->second;
  if (event.gone) {
    if (watch.root) {
      status_ = NotFound(watch.path + ": the watched folder is gone");
    } else if (event.ended) {
      watches_.erase(found);
    }
    return;
  }
  const std::string name(event.name);
  if (name.empty() || name.starts_with(".")) return;
  const std::string path = (fs::path(watch.path) / name).string();
  if (!event.is_folder) {
    if (event.left) {
      Forget(path);  // may be a link to a folder
    } else {
      Notice(path, watch.subfolder, /*settled=*/false);
    }
    return;
  }
  if (!options_.recursive) return;
  if (event.left) {
    Forget(path);
  } else if (event.came) {
    Enter(path, watch.subfolder.empty() ? name : watch.subfolder + "/" + name, /*link=*/false);
  }
}

bool FolderWatcher::IsOwn(const Input& input) {
  if (!LooksLikeOutput(fs::path(input.path).filename().string())) return false;
  if (options_.made_now && options_.made_now(input.path)) return true;
  std::string reason = own_.Reason(input.path);
  if (reason.empty()) return false;
  if (options_.passed_over) options_.passed_over({input, std::move(reason)});
  return true;
}

std::optional<Input> FolderWatcher::TakeReady() {
  const Clock::time_point now = Clock::now();
  for (auto it = candidates_.begin(); it != candidates_.end();) {
    Candidate& candidate = it->second;
    if (candidate.due > now) {
      ++it;
      continue;
    }
    // What is gone, and what is empty (its content is still to come, with an event), is dropped.
    const auto info = InfoOf(it->first);
    if (!info || !info->is_file() || info->size == 0) {
      const Input link = std::move(candidate.input);
      it = candidates_.erase(it);
      if (info && info->is_folder() && options_.recursive) {
        const std::string name = fs::path(link.path).filename().string();
        Enter(link.path, link.subfolder.empty() ? name : link.subfolder + "/" + name, true);
      }
      continue;
    }
    const bool same = candidate.size == info->size && candidate.modified == info->modified;
    candidate.size = info->size;
    candidate.modified = info->modified;
    bool busy = false;
    {
      const std::lock_guard lock(mutex_);
      busy = busy_.contains(it->first);
    }
    if (!same || busy || IsBeingWritten(it->first)) {
      candidate.due = now + options_.settle;
      ++it;
      continue;
    }
    Input input = std::move(candidate.input);
    it = candidates_.erase(it);
    const bool is_sidecar = options_.sidecars && HasSidecarExtension(input.path);
    if (!is_sidecar && (!IsPictureFile(input.path) || IsOwn(input))) continue;
    const std::lock_guard lock(mutex_);
    busy_.insert(input.path);
    return input;
  }
  return std::nullopt;
}

int FolderWatcher::MillisecondsToWait() const {
  // A signal may arrive in another thread and not end the wait: look for it now and then.
  auto wait = std::chrono::milliseconds(100);
  const Clock::time_point now = Clock::now();
  for (const auto& [path, candidate] : candidates_) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(candidate.due - now);
    wait = std::clamp(left, std::chrono::milliseconds(0), wait);
  }
  return static_cast<int>(wait.count());
}

std::optional<Input> FolderWatcher::Next(const CancelToken* stop) {
  while (status_.ok() && !(stop != nullptr && stop->cancelled())) {
    events_.Read([this](const FolderEvent& event) { Handle(event); });
    if (auto input = TakeReady()) return input;
    events_.Wait(MillisecondsToWait());
  }
  return std::nullopt;
}

void FolderWatcher::Finished(const std::string& path) {
  const std::lock_guard lock(mutex_);
  busy_.erase(path);
}

}  // namespace peel

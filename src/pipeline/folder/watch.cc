#include "src/pipeline/folder/watch.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <system_error>
#include <utility>

#include "src/base/os/files.h"
#include "src/pipeline/folder/folder_listing.h"

namespace peel {
namespace {

namespace fs = std::filesystem;

// IN_CREATE tells of new folders and of files that are linked into place; a file that is being
// written announces itself by it too, and is looked at until it is complete.
constexpr uint32_t kEvents = IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_MODIFY | IN_MOVED_FROM |
                             IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR | IN_EXCL_UNLINK;

std::string Reason(int error) { return std::generic_category().message(error); }

int64_t Nanoseconds(const timespec& time) {
  return time.tv_sec * int64_t{1'000'000'000} + time.tv_nsec;
}

Status CannotWatch(const std::string& path, int error) {
  std::string text = path + ": cannot be watched (" + Reason(error) + ")";
  if (error == ENOSPC) text += "; raise the limit with `sysctl fs.inotify.max_user_watches`";
  if (error == EMFILE) text += "; raise the limit with `sysctl fs.inotify.max_user_instances`";
  return IoError(std::move(text));
}

}  // namespace

bool IsBeingWritten(const std::string& path) {
  // O_NONBLOCK: never wait for another's lease.
  const int fd = open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return false;
  // Who opens the file for writing this very moment makes the kernel send us a signal: one that is
  // ignored by default, not SIGIO, which would end the process.
  fcntl(fd, F_SETSIG, SIGURG);
  // A read lease is granted only while nobody has the file open for writing.
  const bool written = fcntl(fd, F_SETLEASE, F_RDLCK) != 0 && errno == EAGAIN;
  if (!written) fcntl(fd, F_SETLEASE, F_UNLCK);
  close(fd);
  return written;
}

Result<std::unique_ptr<FolderWatcher>> FolderWatcher::Start(const Options& options) {
  std::unique_ptr<FolderWatcher> watcher(new FolderWatcher(options));
  watcher->fd_ = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (watcher->fd_ < 0) return CannotWatch("folders", errno);
  for (const std::string& folder : options.folders) {
    std::error_code error;
    if (!fs::is_directory(folder, error)) {
      return InvalidArgument(folder + ": is no folder; --watch takes folders only");
    }
    PEEL_RETURN_IF_ERROR(watcher->Add(folder, "", true));
    watcher->Scan(folder, "");
    PEEL_RETURN_IF_ERROR(watcher->status_);
  }
  return watcher;
}

FolderWatcher::~FolderWatcher() {
  if (fd_ >= 0) close(fd_);
}

Status FolderWatcher::Add(const std::string& path, const std::string& subfolder, bool root) {
  const int descriptor = inotify_add_watch(fd_, path.c_str(), kEvents);
  if (descriptor < 0) {
    // Gone again, or never ours to read: its pictures could not be read either.
    if (!root && (errno == ENOENT || errno == ENOTDIR || errno == EACCES)) return OkStatus();
    return CannotWatch(path, errno);
  }
  watches_[descriptor] = {path, subfolder, root};
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
      inotify_rm_watch(fd_, it->first);
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
  struct stat info = {};
  if (stat(path.c_str(), &info) != 0) return;
  candidate.size = info.st_size;
  candidate.modified = Nanoseconds(info.st_mtim);
  // What has long been there is taken at once.
  const auto age = std::chrono::system_clock::now().time_since_epoch() -
                   std::chrono::nanoseconds(candidate.modified);
  if (settled && age > options_.settle) candidate.due = Clock::now();
}

void FolderWatcher::Handle(int descriptor, uint32_t mask, const std::string& name) {
  if ((mask & IN_Q_OVERFLOW) != 0) {  // some events are lost: look at everything
    const std::map<int, Watch> known = watches_;
    for (const auto& [number, watch] : known) {
      if (watch.root) Scan(watch.path, watch.subfolder);
    }
    return;
  }
  const auto found = watches_.find(descriptor);
  if (found == watches_.end()) return;
  const Watch watch = found->second;
  if ((mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED)) != 0) {
    if (watch.root) {
      status_ = NotFound(watch.path + ": the watched folder is gone");
    } else if ((mask & IN_IGNORED) != 0) {
      watches_.erase(found);
    }
    return;
  }
  if (name.empty() || name.starts_with(".")) return;
  const std::string path = (fs::path(watch.path) / name).string();
  if ((mask & IN_ISDIR) == 0) {
    if ((mask & IN_MOVED_FROM) != 0) {
      Forget(path);  // may be a link to a folder
    } else {
      Notice(path, watch.subfolder, /*settled=*/false);
    }
    return;
  }
  if (!options_.recursive) return;
  if ((mask & IN_MOVED_FROM) != 0) {
    Forget(path);
  } else if ((mask & (IN_CREATE | IN_MOVED_TO)) != 0) {
    Enter(path, watch.subfolder.empty() ? name : watch.subfolder + "/" + name, /*link=*/false);
  }
}

void FolderWatcher::ReadEvents() {
  alignas(inotify_event) std::array<char, 65536> buffer;
  for (;;) {
    const ssize_t got = read(fd_, buffer.data(), buffer.size());
    if (got <= 0) return;
    for (ssize_t at = 0; at < got;) {
      const auto* event = reinterpret_cast<const inotify_event*>(buffer.data() + at);
      at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
      Handle(event->wd, event->mask, event->len > 0 ? event->name : "");
    }
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
    struct stat info = {};
    // What is gone, and what is empty (its content is still to come, with an event), is dropped.
    const bool there = stat(it->first.c_str(), &info) == 0;
    if (!there || !S_ISREG(info.st_mode) || info.st_size == 0) {
      const Input link = std::move(candidate.input);
      it = candidates_.erase(it);
      if (there && S_ISDIR(info.st_mode) && options_.recursive) {
        const std::string name = fs::path(link.path).filename().string();
        Enter(link.path, link.subfolder.empty() ? name : link.subfolder + "/" + name, true);
      }
      continue;
    }
    const int64_t modified = Nanoseconds(info.st_mtim);
    const bool same = candidate.size == info.st_size && candidate.modified == modified;
    candidate.size = info.st_size;
    candidate.modified = modified;
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
    if (!IsPictureFile(input.path) || IsOwn(input)) continue;
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
    ReadEvents();
    if (auto input = TakeReady()) return input;
    pollfd waiting = {fd_, POLLIN, 0};
    poll(&waiting, 1, MillisecondsToWait());
  }
  return std::nullopt;
}

void FolderWatcher::Finished(const std::string& path) {
  const std::lock_guard lock(mutex_);
  busy_.erase(path);
}

}  // namespace peel

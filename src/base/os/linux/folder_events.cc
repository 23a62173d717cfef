#include "src/base/os/folder_events.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

namespace peel {
namespace {

// IN_CREATE tells of new folders and of files that are linked into place; a file that is being
// written announces itself by it too, and is looked at until it is complete.
constexpr uint32_t kEvents = IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_MODIFY | IN_MOVED_FROM |
                             IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR | IN_EXCL_UNLINK;

FolderEvent EventFrom(const inotify_event& told) {
  const auto is = [&](uint32_t bits) { return (told.mask & bits) != 0; };
  FolderEvent event;
  event.watch = told.wd;
  event.lost = is(IN_Q_OVERFLOW);
  event.gone = is(IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED);
  event.ended = is(IN_IGNORED);
  event.is_folder = is(IN_ISDIR);
  event.left = is(IN_MOVED_FROM);
  event.came = is(IN_CREATE | IN_MOVED_TO);
  event.name = told.len > 0 ? told.name : "";
  return event;
}

}  // namespace

int FolderEvents::Open() {
  fd_ = UniqueFd(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  return fd_ ? 0 : errno;
}

int FolderEvents::Add(const std::string& folder) {
  return inotify_add_watch(fd_.get(), folder.c_str(), kEvents);
}

void FolderEvents::Remove(int watch) { inotify_rm_watch(fd_.get(), watch); }

void FolderEvents::Read(FunctionRef<void(const FolderEvent&)> event) {
  alignas(inotify_event) std::array<char, 65536> buffer;
  for (;;) {
    const ssize_t got = read(fd_.get(), buffer.data(), buffer.size());
    if (got <= 0) return;
    for (ssize_t at = 0; at < got;) {
      const auto* told = reinterpret_cast<const inotify_event*>(buffer.data() + at);
      at += static_cast<ssize_t>(sizeof(inotify_event) + told->len);
      event(EventFrom(*told));
    }
  }
}

void FolderEvents::Wait(int milliseconds) {
  pollfd waiting = {fd_.get(), POLLIN, 0};
  poll(&waiting, 1, milliseconds);
}

std::string FolderEvents::Advice(int error) {
  if (error == ENOSPC) return "raise the limit with `sysctl fs.inotify.max_user_watches`";
  if (error == EMFILE) return "raise the limit with `sysctl fs.inotify.max_user_instances`";
  return "";
}

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

}  // namespace peel

// What of files is Linux' own.
#include "src/base/os/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>

namespace peel {
namespace {

// The name under which linkat finds an open file.
std::string NameOf(int fd) { return "/proc/self/fd/" + std::to_string(fd); }

}  // namespace

int OpenScratch(const std::string& folder) {
  int fd = open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd >= 0) return fd;
  if (std::FILE* const other = std::tmpfile(); other != nullptr) {
    fd = fcntl(fileno(other), F_DUPFD_CLOEXEC, 0);
    std::fclose(other);
  }
  return fd;
}

int OpenNameless(const std::string& folder) {
  const int fd = open(folder.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
  if (fd < 0 || access(NameOf(fd).c_str(), F_OK) == 0) return fd;
  close(fd);  // there is no /proc
  return -1;
}

int GiveName(int fd, const std::string& name) {
  return linkat(AT_FDCWD, NameOf(fd).c_str(), AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW);
}

int ReserveRoom(int fd, uint64_t bytes) {
  if (fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(bytes)) == 0) return 0;
  return errno == ENOSPC || errno == EDQUOT || errno == EFBIG ? errno : 0;
}

void KeepAccess(int fd, const std::string& target, const FileInfo& old) {
  const auto made = InfoOfOpen(fd);
  if (!made) return;
  bool same_group = made->group == old.group;
  if (made->owner != old.owner || !same_group) {
    same_group = fchown(fd, old.owner, old.group) == 0 ||
                 fchown(fd, static_cast<uid_t>(-1), old.group) == 0 || same_group;
  }
  constexpr const char* kAcl = "system.posix_acl_access";
  std::array<char, 4096> acl;
  const ssize_t length = getxattr(target.c_str(), kAcl, acl.data(), acl.size());
  const bool has_acl = length > 0 || (length < 0 && errno == ERANGE);
  const bool acl_kept =
      !has_acl || (same_group && length > 0 &&
                   fsetxattr(fd, kAcl, acl.data(), static_cast<size_t>(length), 0) == 0);
  mode_t mode = old.rights;
  // What one group was allowed is not for another one, nor what a list of users was for a group.
  if (!same_group || !acl_kept) mode &= 0707 | ((mode & 07) << 3);
  if (!has_acl || !acl_kept) (void)!fchmod(fd, mode);
}

}  // namespace peel

#include "src/base/os/replace_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "src/base/os/file_descriptor.h"
#include "src/base/os/temporary_files.h"

namespace peel {
namespace {

namespace fs = std::filesystem;

// Long enough for the mark by which any picture format is known.
constexpr size_t kHeadBytes = 64;

class Replacement {
 public:
  Replacement(const std::string& target, const ByteSource& content, RenameFunction rename_file)
      : target_(target), content_(content), rename_(rename_file) {
    struct stat info = {};
    if (stat(target.c_str(), &info) == 0) old_ = info;
  }

  Status Run() {
    auto written = WriteNameless();
    Status status = written.ok() ? OkStatus() : std::move(written).status();
    if (status.ok() && !*written) status = WriteNamed();
    if (status.ok() || !old_) return status;
    switch (refused_) {
      case EBUSY:  // a mount point
      case EXDEV:
      case EROFS:  // of the folder: the file may be on another file system
      case EACCES:
      case EPERM:
        return WriteInPlace(std::move(status));
      default:
        return status;
    }
  }

 private:
  // A file that cannot be made or named, unlike one that cannot be filled.
  Status Refused(const char* what, int error) {
    refused_ = error;
    return WriteFailure(what, error);
  }

  Status Sync(int fd) {
    // File systems that cannot sync (some FUSE ones) answer EINVAL; that is not a failed write.
    if (fsync(fd) != 0 && errno != EINVAL) return WriteFailure("cannot write it", errno);
    return OkStatus();
  }

  // Everything but giving the finished file its name.
  Status Fill(int fd) {
    PEEL_RETURN_IF_ERROR(WriteFrom(fd, content_));
    if (old_) KeepAccess(fd);
    return Sync(fd);
  }

  void KeepAccess(int fd) {
    struct stat made = {};
    if (fstat(fd, &made) != 0) return;
    bool same_group = made.st_gid == old_->st_gid;
    if (made.st_uid != old_->st_uid || !same_group) {
      same_group = fchown(fd, old_->st_uid, old_->st_gid) == 0 ||
                   fchown(fd, static_cast<uid_t>(-1), old_->st_gid) == 0 || same_group;
    }
    constexpr const char* kAcl = "system.posix_acl_access";
    std::array<char, 4096> acl;
    const ssize_t length = getxattr(target_.c_str(), kAcl, acl.data(), acl.size());
    const bool has_acl = length > 0 || (length < 0 && errno == ERANGE);
    const bool acl_kept =
        !has_acl || (same_group && length > 0 &&
                     fsetxattr(fd, kAcl, acl.data(), static_cast<size_t>(length), 0) == 0);
    mode_t mode = old_->st_mode & 0777;
    // What one group was allowed is not for another one, nor what a list of users was for a group.
    if (!same_group || !acl_kept) mode &= 0707 | ((mode & 07) << 3);
    if (!has_acl || !acl_kept) (void)!fchmod(fd, mode);
  }

  Status Rename(const std::string& temporary) {
    if (rename_(temporary.c_str(), target_.c_str()) == 0) return OkStatus();
    const int error = errno;
    unlink(temporary.c_str());
    return Refused("cannot give the file its name", error);
  }

  // A nameless file vanishes by itself when the process is killed, so it is tried first.
  // false: the file system (or a missing /proc) does not have it, nothing was done.
  Result<bool> WriteNameless() {
#ifdef O_TMPFILE
    const fs::path target(target_);
    const std::string folder = target.has_parent_path() ? target.parent_path().string() : ".";
    const FileDescriptor file(open(folder.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666));
    if (!file.ok()) return false;
    const std::string self = "/proc/self/fd/" + std::to_string(file.get());
    if (access(self.c_str(), F_OK) != 0) return false;
    PEEL_RETURN_IF_ERROR(Fill(file.get()));
    const auto link_as = [&](const std::string& name) {
      return linkat(AT_FDCWD, self.c_str(), AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW);
    };
    if (link_as(target_) == 0) return true;
    if (errno != EEXIST) return false;
    const std::string temporary = TemporaryName(target_);
    if (link_as(temporary) != 0) return false;
    PEEL_RETURN_IF_ERROR(Rename(temporary));
    return true;
#else
    return false;
#endif
  }

  Status WriteNamed() {
    const std::string temporary = TemporaryName(target_);
    // What replaces a private file is private from the start.
    FileDescriptor file(open(temporary.c_str(),
                             O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
                             old_ ? 0600 : 0666));
    if (!file.ok()) return Refused("cannot create a file in its folder", errno);
    Status status = Fill(file.get());
    if (status.ok() && file.Close() != 0) status = WriteFailure("cannot write it", errno);
    if (!status.ok()) {
      unlink(temporary.c_str());
      return status;
    }
    return Rename(temporary);
  }

  // `why_not` otherwise: what a user can do about is what kept the file from being replaced.
  Status WriteInPlace(Status why_not) {
    FileDescriptor file(open(target_.c_str(), O_WRONLY | O_CLOEXEC));
    if (!file.ok()) return why_not;
    std::vector<uint8_t> head;
    size_t bytes = 0;
    const auto count = [&](std::span<const uint8_t> part) {
      const size_t taken = std::min(part.size(), kHeadBytes - head.size());
      head.insert(head.end(), part.begin(), part.begin() + static_cast<ptrdiff_t>(taken));
      bytes += part.size();
      return OkStatus();
    };
    PEEL_RETURN_IF_ERROR(content_(count));
    const ByteSource tail = [&](const ByteSink& sink) {
      size_t skip = head.size();
      return content_([&](std::span<const uint8_t> part) {
        const size_t skipped = std::min(skip, part.size());
        skip -= skipped;
        return sink(part.subspan(skipped));
      });
    };
#ifdef FALLOC_FL_KEEP_SIZE
    // A disk without room for it leaves the old content alone.
    if (fallocate(file.get(), FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(bytes)) != 0 &&
        (errno == ENOSPC || errno == EDQUOT || errno == EFBIG)) {
      return WriteFailure("cannot write it", errno);
    }
#endif
    const auto at = [&](size_t offset) {
      return lseek(file.get(), static_cast<off_t>(offset), SEEK_SET) >= 0;
    };
    if (ftruncate(file.get(), 0) != 0 || !at(head.size())) {
      return WriteFailure("cannot write it", errno);
    }
    Status status = WriteFrom(file.get(), tail);
    if (status.ok()) status = Sync(file.get());
    if (status.ok() && !at(0)) status = WriteFailure("cannot write it", errno);
    if (status.ok()) status = WriteAll(file.get(), head);
    if (status.ok()) status = Sync(file.get());
    if (!status.ok()) (void)!ftruncate(file.get(), 0);
    if (file.Close() != 0 && status.ok()) status = WriteFailure("cannot write it", errno);
    return status;
  }

  const std::string& target_;
  const ByteSource& content_;
  const RenameFunction rename_;
  std::optional<struct stat> old_;
  int refused_ = 0;
};

}  // namespace

Status WriteFrom(int fd, const ByteSource& content) {
  constexpr size_t kGathered = size_t{1} << 20;
  std::vector<uint8_t> gathered;
  const auto flush = [&] {
    Status status = gathered.empty() ? OkStatus() : WriteAll(fd, gathered);
    gathered.clear();
    return status;
  };
  Status status = content([&](std::span<const uint8_t> part) {
    const bool large = part.size() > kGathered / 16;
    if (large || gathered.size() + part.size() > kGathered) PEEL_RETURN_IF_ERROR(flush());
    if (large) return WriteAll(fd, part);
    gathered.insert(gathered.end(), part.begin(), part.end());
    return OkStatus();
  });
  return status.ok() ? flush() : status;
}

Status ReplaceFile(const std::string& target, const ByteSource& content,
                   RenameFunction rename_file) {
  return Replacement(target, content, rename_file).Run();
}

}  // namespace peel

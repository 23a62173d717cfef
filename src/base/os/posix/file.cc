#include "src/base/os/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <glob.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <memory>

namespace peel {
namespace {

FileKind KindOf(mode_t mode) {
  if (S_ISREG(mode)) return FileKind::kFile;
  if (S_ISDIR(mode)) return FileKind::kFolder;
  return S_ISLNK(mode) ? FileKind::kLink : FileKind::kOther;
}

FileKind KindFrom(unsigned char type) {
  switch (type) {
    case DT_REG:
      return FileKind::kFile;
    case DT_DIR:
      return FileKind::kFolder;
    case DT_LNK:
      return FileKind::kLink;
    case DT_UNKNOWN:
      return FileKind::kUnknown;
    default:
      return FileKind::kOther;
  }
}

std::optional<FileInfo> From(const struct stat& info) {
  FileInfo file;
  file.kind = KindOf(info.st_mode);
  file.size = static_cast<uint64_t>(info.st_size);
  // Unsigned, as a damaged file system may tell any time.
  file.modified =
      static_cast<int64_t>(static_cast<uint64_t>(info.st_mtim.tv_sec) * uint64_t{1'000'000'000} +
                           static_cast<uint64_t>(info.st_mtim.tv_nsec));
  file.device = info.st_dev;
  file.number = info.st_ino;
  file.owner = info.st_uid;
  file.group = info.st_gid;
  file.rights = info.st_mode & 0777;
  file.is_own = info.st_uid == geteuid();
  return file;
}

}  // namespace

std::optional<FileInfo> InfoOf(const std::string& path) {
  struct stat info = {};
  return stat(path.c_str(), &info) == 0 ? From(info) : std::nullopt;
}

std::optional<FileInfo> InfoOfLink(const std::string& path) {
  struct stat info = {};
  return lstat(path.c_str(), &info) == 0 ? From(info) : std::nullopt;
}

std::optional<FileInfo> InfoOfOpen(int fd) {
  struct stat info = {};
  return fstat(fd, &info) == 0 ? From(info) : std::nullopt;
}

int OpenFile(const std::string& path, unsigned flags, unsigned rights) {
  const bool reads = (flags & kOpenRead) != 0, writes = (flags & kOpenWrite) != 0;
  int mode = reads && writes ? O_RDWR : writes ? O_WRONLY : O_RDONLY;
  constexpr struct {
    unsigned flag;
    int mode;
  } kModes[] = {{kOpenCreate, O_CREAT},  {kOpenExclusive, O_EXCL},    {kOpenTruncate, O_TRUNC},
                {kOpenAppend, O_APPEND}, {kOpenNoFollow, O_NOFOLLOW}, {kOpenNoWait, O_NONBLOCK}};
  for (const auto& [flag, bits] : kModes) {
    if ((flags & flag) != 0) mode |= bits;
  }
  if ((flags & kOpenInherited) == 0) mode |= O_CLOEXEC;
  return open(path.c_str(), mode, static_cast<mode_t>(rights));
}

int CloseFile(int fd) { return close(fd); }

ptrdiff_t ReadOnce(int fd, void* buffer, size_t size) { return read(fd, buffer, size); }

ptrdiff_t ReadAt(int fd, void* buffer, size_t size, uint64_t offset) {
  return pread(fd, buffer, size, static_cast<off_t>(offset));
}

ptrdiff_t WriteOnce(int fd, const void* bytes, size_t size) { return write(fd, bytes, size); }

int Truncate(int fd, uint64_t size) { return ftruncate(fd, static_cast<off_t>(size)); }

int SeekTo(int fd, uint64_t offset) {
  return lseek(fd, static_cast<off_t>(offset), SEEK_SET) >= 0 ? 0 : -1;
}

int64_t PositionOf(int fd) { return lseek(fd, 0, SEEK_CUR); }

int SyncFile(int fd) { return fsync(fd); }

int SyncContent(int fd) { return fdatasync(fd); }

int LockFile(int fd, FileLock kind, bool wait) {
  return flock(fd, (kind == FileLock::kShared ? LOCK_SH : LOCK_EX) | (wait ? 0 : LOCK_NB));
}

int RemoveFile(const std::string& path) { return unlink(path.c_str()); }

int RenameFile(const char* from, const char* to) { return std::rename(from, to); }

int ListFolder(const std::string& folder, FunctionRef<void(std::string_view, FileKind)> entry) {
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(opendir(folder.c_str()), closedir);
  if (listing == nullptr) return errno;
  for (;;) {
    errno = 0;
    const dirent* const next = readdir(listing.get());
    if (next == nullptr) return errno;
    const std::string_view name = next->d_name;
    if (name != "." && name != "..") entry(name, KindFrom(next->d_type));
  }
}

bool MatchPattern(const std::string& pattern, FunctionRef<void(const std::string& path)> match) {
  glob_t matches = {};
  const bool any = glob(pattern.c_str(), 0, nullptr, &matches) == 0;
  for (size_t i = 0; any && i < matches.gl_pathc; ++i) match(matches.gl_pathv[i]);
  globfree(&matches);
  return any;
}

std::string MakeTemporaryFolder(const std::string& prefix) {
  std::string name = prefix + "XXXXXX";
  return mkdtemp(name.data()) != nullptr ? name : "";
}

}  // namespace peel

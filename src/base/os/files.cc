#include "src/base/os/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <thread>

#include "src/base/os/descriptor.h"
#include "src/base/os/file_descriptor.h"

namespace peel {
namespace {

namespace fs = std::filesystem;

std::string Reason(int error) { return std::generic_category().message(error); }

}  // namespace

Status WriteFailure(std::string_view what, int error) {
  std::string text = std::string(what) + " (" + Reason(error) + ")";
  switch (error) {
    case ENOSPC:
    case EDQUOT:
      return IoError(text + "; free some space or choose another folder with -O");
    case EFBIG:
      return IoError(text + "; the limit on file sizes in force is too small");
    case EACCES:
    case EPERM:
    case EROFS:
      return IoError(text + "; choose a folder you may write to with -o or -O");
    case ENOENT:
    case ENOTDIR:
      return NotFound(text + "; create the folder first or choose another one");
    default:
      return IoError(std::move(text));
  }
}

Status WriteAll(int fd, std::span<const uint8_t> bytes) {
  const int error = WriteFully(fd, bytes);
  return error == 0 ? OkStatus() : WriteFailure("cannot write it", error);
}

namespace {

Status LimitReached(uint64_t max_bytes) {
  return LimitExceeded("is larger than the limit of " + std::to_string(max_bytes) + " bytes");
}

// Everything from where the file stands to its end; `expected` bytes, or more, or fewer.
Result<std::vector<uint8_t>> ReadToEnd(int fd, uint64_t expected, uint64_t max_bytes) {
  // One byte more than expected, so that the end is seen without growing. Growth by doubling, never
  // beyond what the limit allows to be seen as exceeded.
  std::vector<uint8_t> bytes(expected + 1);
  size_t used = 0;
  for (;;) {
    if (used == bytes.size()) {
      if (used > max_bytes) return LimitReached(max_bytes);
      bytes.resize(std::min<uint64_t>(std::max<uint64_t>(bytes.size() * 2, 65536), max_bytes + 1));
    }
    const ssize_t n = ReadSome(fd, bytes.data() + used, bytes.size() - used);
    if (n < 0) return IoError("cannot read it (" + Reason(errno) + ")");
    if (n == 0) break;
    used += static_cast<size_t>(n);
  }
  if (used > max_bytes) return LimitReached(max_bytes);
  bytes.resize(used);
  return bytes;
}

bool SameContent(const struct stat& a, const struct stat& b) {
  return a.st_size == b.st_size && a.st_mtim.tv_sec == b.st_mtim.tv_sec &&
         a.st_mtim.tv_nsec == b.st_mtim.tv_nsec;
}

Status NoSuchFile(const std::string& path) {
  struct stat link = {};
  if (lstat(path.c_str(), &link) == 0 && S_ISLNK(link.st_mode)) {
    return NotFound("is a link that leads nowhere");
  }
  return NotFound("there is no such file");
}

}  // namespace

Result<std::vector<uint8_t>> ReadWholeFile(const std::string& path, uint64_t max_bytes) {
  const bool standard_input = path == "-";
  FileDescriptor file;
  if (!standard_input) {
    file = FileDescriptor(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.ok()) {
      const int error = errno;
      if (error == ENOENT || error == ENOTDIR) return NoSuchFile(path);
      return IoError("cannot open it (" + Reason(error) + ")");
    }
  }
  const int fd = standard_input ? STDIN_FILENO : file.get();
  constexpr int kTries = 4;
  for (int attempt = 0; attempt < kTries; ++attempt) {
    struct stat before = {}, after = {};
    if (fstat(fd, &before) != 0) return IoError("cannot read it (" + Reason(errno) + ")");
    if (S_ISDIR(before.st_mode)) return InvalidArgument("is a folder, not a file");
    const bool regular = S_ISREG(before.st_mode) && !standard_input;
    const uint64_t expected =
        S_ISREG(before.st_mode) ? static_cast<uint64_t>(before.st_size) : uint64_t{0};
    if (expected > max_bytes) return LimitReached(max_bytes);
    auto bytes = ReadToEnd(fd, expected, max_bytes);
    if (!bytes.ok() || !regular) return bytes;
    if (fstat(fd, &after) != 0) return IoError("cannot read it (" + Reason(errno) + ")");
    // Files of /proc and of some network file systems claim to be empty.
    const bool whole = bytes->size() == expected || expected == 0;
    if (whole && SameContent(before, after)) return bytes;
    if (lseek(fd, 0, SEEK_SET) != 0) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(50 << attempt));
  }
  return IoError("keeps changing while it is read; try again once it is complete");
}

Status WriteFileAtomically(const std::string& path, std::span<const uint8_t> bytes) {
  return WriteFileAtomically(path, [&](const ByteSink& sink) { return sink(bytes); });
}

Status WriteFileAtomically(const std::string& path, const ByteSource& content) {
  if (path == "-") return WriteFrom(STDOUT_FILENO, content);
  struct stat info = {};
  if (stat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode)) {
    if (S_ISDIR(info.st_mode)) {
      return InvalidArgument(
          "a folder has this name; give it with -O to write into it, or choose another name");
    }
    FileDescriptor file(open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!file.ok()) return WriteFailure("cannot open it for writing", errno);
    return WriteFrom(file.get(), content);
  }
  std::error_code error;
  fs::path target(path);
  if (fs::is_symlink(fs::symlink_status(target, error))) {
    target = fs::weakly_canonical(target, error);
    if (error) return IoError("cannot follow the link (" + error.message() + ")");
  }
  return ReplaceFile(target.string(), content);
}

bool IsSameFile(const std::string& a, const std::string& b) {
  struct stat first = {}, second = {};
  return stat(a.c_str(), &first) == 0 && stat(b.c_str(), &second) == 0 &&
         first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

}  // namespace peel

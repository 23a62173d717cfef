#include "src/pipeline/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include "src/base/descriptor.h"
#include "src/base/hash.h"

namespace peel {
namespace {

namespace fs = std::filesystem;

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd = -1) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& o) noexcept : fd_(std::exchange(o.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& o) noexcept {
    std::swap(fd_, o.fd_);
    return *this;
  }
  ~FileDescriptor() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const { return fd_; }
  bool ok() const { return fd_ >= 0; }
  // close() may be the call that reports a full disk (NFS).
  int Close() { return close(std::exchange(fd_, -1)); }

 private:
  int fd_;
};

std::string Reason(int error) { return std::generic_category().message(error); }

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

// Tells processes of this machine (and container) from others that write to the same file system:
// eight hexadecimal digits.
const std::string& HostTag() {
  static const std::string tag = [] {
    std::array<char, 256> host = {}, space = {};
    gethostname(host.data(), host.size() - 1);
    if (readlink("/proc/self/ns/pid", space.data(), space.size() - 1) < 0) space[0] = 0;
    std::array<char, 9> text = {};
    const uint64_t hash = Hash64(std::string_view(space.data()), Hash64(host.data()));
    std::snprintf(text.data(), text.size(), "%08x", static_cast<unsigned>(hash));
    return std::string(text.data());
  }();
  return tag;
}

constexpr std::string_view kTemporaryMark = ".peel-";

// A name beside `path` that nothing else uses: host, process and counter keep two writers apart.
std::string TemporaryName(const fs::path& path) {
  static std::atomic<unsigned> counter{0};
  // A long file name must not push the temporary one over the limit of 255 bytes.
  std::string name(1, '.');
  name.append(path.filename().string().substr(0, 200));
  name.append(kTemporaryMark).append(HostTag()).append("-").append(std::to_string(getpid()));
  name.append("-").append(std::to_string(counter++));
  return (path.parent_path() / name).string();
}

// The process that made this name by TemporaryName on this machine; 0 for any other name.
pid_t MakerOf(std::string_view name) {
  const size_t mark = name.rfind(kTemporaryMark);
  if (!name.starts_with('.') || mark == std::string_view::npos) return 0;
  std::string_view rest = name.substr(mark + kTemporaryMark.size());
  if (!rest.starts_with(HostTag())) return 0;
  rest.remove_prefix(HostTag().size());
  pid_t pid = 0;
  unsigned number = 0;
  const char* const end = rest.data() + rest.size();
  if (!rest.starts_with('-')) return 0;
  const auto first = std::from_chars(rest.data() + 1, end, pid);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != '-') return 0;
  const auto second = std::from_chars(first.ptr + 1, end, number);
  return second.ec == std::errc() && second.ptr == end && pid > 0 ? pid : 0;
}

// Everything but giving the finished file its name.
Status Fill(FileDescriptor& file, std::span<const uint8_t> bytes) {
  PEEL_RETURN_IF_ERROR(WriteAll(file.get(), bytes));
  // File systems that cannot sync (some FUSE ones) answer EINVAL; that is not a failed write.
  if (fsync(file.get()) != 0 && errno != EINVAL) return WriteFailure("cannot write it", errno);
  return OkStatus();
}

Status RenameTo(const std::string& temporary, const std::string& path) {
  if (rename(temporary.c_str(), path.c_str()) == 0) return OkStatus();
  const int error = errno;
  unlink(temporary.c_str());
  return WriteFailure("cannot give the file its name", error);
}

// A nameless file vanishes by itself when the process is killed, so it is tried first.
// false: the file system (or a missing /proc) does not have it, nothing was done.
Result<bool> WriteNameless(const fs::path& target, std::span<const uint8_t> bytes) {
#ifdef O_TMPFILE
  const std::string folder = target.has_parent_path() ? target.parent_path().string() : ".";
  FileDescriptor file(open(folder.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666));
  if (!file.ok()) return false;
  const std::string self = "/proc/self/fd/" + std::to_string(file.get());
  if (access(self.c_str(), F_OK) != 0) return false;
  PEEL_RETURN_IF_ERROR(Fill(file, bytes));
  const auto link_as = [&](const std::string& name) {
    return linkat(AT_FDCWD, self.c_str(), AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW);
  };
  if (link_as(target.string()) == 0) return true;
  if (errno != EEXIST) return false;
  const std::string temporary = TemporaryName(target);
  if (link_as(temporary) != 0) return false;
  PEEL_RETURN_IF_ERROR(RenameTo(temporary, target.string()));
  return true;
#else
  (void)target, (void)bytes;
  return false;
#endif
}

Status WriteNamed(const fs::path& target, std::span<const uint8_t> bytes) {
  const std::string temporary = TemporaryName(target);
  FileDescriptor file(
      open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666));
  if (!file.ok()) return WriteFailure("cannot create a file in its folder", errno);
  Status status = Fill(file, bytes);
  if (status.ok() && file.Close() != 0) status = WriteFailure("cannot write it", errno);
  if (!status.ok()) {
    unlink(temporary.c_str());
    return status;
  }
  return RenameTo(temporary, target.string());
}

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
  if (path == "-") return WriteAll(STDOUT_FILENO, bytes);
  struct stat info = {};
  if (stat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode)) {
    if (S_ISDIR(info.st_mode)) {
      return InvalidArgument(
          "a folder has this name; give it with -O to write into it, or choose another name");
    }
    FileDescriptor file(open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!file.ok()) return WriteFailure("cannot open it for writing", errno);
    return WriteAll(file.get(), bytes);
  }
  std::error_code error;
  fs::path target(path);
  if (fs::is_symlink(fs::symlink_status(target, error))) {
    target = fs::weakly_canonical(target, error);
    if (error) return IoError("cannot follow the link (" + error.message() + ")");
  }
  PEEL_ASSIGN_OR_RETURN(const bool written, WriteNameless(target, bytes));
  return written ? OkStatus() : WriteNamed(target, bytes);
}

void RemoveStaleTemporaries(const std::string& folder) {
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const pid_t maker = MakerOf(it->path().filename().string());
    if (maker <= 0 || (kill(maker, 0) == 0 || errno != ESRCH)) continue;
    unlink(it->path().c_str());
  }
}

bool IsSameFile(const std::string& a, const std::string& b) {
  struct stat first = {}, second = {};
  return stat(a.c_str(), &first) == 0 && stat(b.c_str(), &second) == 0 &&
         first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

}  // namespace peel

#include "apps/peel/model/download.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>
#include <vector>

#include "apps/peel/console.h"
#include "apps/peel/interrupt.h"
#include "src/base/digest.h"
#include "src/base/os/descriptor.h"

extern char** environ;

namespace peel {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSuffix = ".download";

// Of curl(1), EXIT CODES.
constexpr int kHttpError = 22, kRangeError = 33;

std::string Reason(int error) { return std::generic_category().message(error); }

// curl's exit status; -1 when it could not be started, nullopt when a signal has come meanwhile.
std::optional<int> Curl(const std::string& url, const std::string& path, bool resume) {
  std::vector<std::string> words = {"curl",         "--fail",        "--location", "--proto",
                                    "=https",       "--proto-redir", "=https",     "--globoff",
                                    "--show-error", "--output",      path};
  if (resume) words.insert(words.end(), {"--continue-at", "-"});
  if (isatty(STDERR_FILENO) == 0) words.emplace_back("--silent");
  words.insert(words.end(), {"--", url});
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_t child = 0;
  if (posix_spawnp(&child, "curl", nullptr, nullptr, arguments.data(), environ) != 0) return -1;
  int status = 0;
  for (pid_t ended = 0; ended == 0;) {
    if (Interrupted().cancelled()) {
      kill(child, SIGTERM);
      while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
      return std::nullopt;
    }
    pollfd waiting = {WakeDescriptor(), POLLIN, 0};
    poll(&waiting, 1, 50);
    ended = waitpid(child, &status, WNOHANG);
    if (ended < 0 && errno == EINTR) ended = 0;
  }
  // Ctrl-C at a terminal ends curl as well.
  if (Interrupted().cancelled()) return std::nullopt;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

uint64_t SizeOf(int fd) {
  struct stat info = {};
  return fstat(fd, &info) == 0 ? static_cast<uint64_t>(info.st_size) : 0;
}

bool IsThisFile(const std::string& path, int fd) {
  struct stat named = {}, opened = {};
  return lstat(path.c_str(), &named) == 0 && fstat(fd, &opened) == 0 &&
         named.st_dev == opened.st_dev && named.st_ino == opened.st_ino;
}

// Whether `name` is of the kind NAME.onnx.part-PID.onnx, of a process that is no more.
bool IsDeadPart(std::string_view name) {
  constexpr std::string_view kMark = ".onnx.part-", kEnd = ".onnx";
  const size_t mark = name.rfind(kMark);
  if (mark == std::string_view::npos || !name.ends_with(kEnd)) return false;
  const std::string_view digits =
      name.substr(mark + kMark.size(), name.size() - kEnd.size() - mark - kMark.size());
  pid_t pid = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), pid);
  return error == std::errc() && end == digits.data() + digits.size() && pid > 0 &&
         kill(pid, 0) != 0 && errno == ESRCH;
}

}  // namespace

Status CheckChecksums(const std::string& path, const Checksums& wanted) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return IoError(path + ": cannot open it (" + Reason(errno) + ")");
  Digest md5(Digest::Kind::kMd5), sha256(Digest::Kind::kSha256);
  std::vector<uint8_t> block(1 << 20);
  ssize_t n = 0;
  while ((n = ReadSome(fd, block.data(), block.size())) > 0) {
    const std::span<const uint8_t> bytes(block.data(), static_cast<size_t>(n));
    if (!wanted.md5.empty()) md5.Update(bytes);
    if (!wanted.sha256.empty()) sha256.Update(bytes);
  }
  const int error = errno;
  close(fd);
  if (n < 0) return IoError(path + ": cannot read it (" + Reason(error) + ")");
  const auto check = [](std::string_view name, const std::string& want, Digest& digest) {
    if (want.empty()) return OkStatus();
    const std::string have = digest.Finish();
    if (have == want) return OkStatus();
    return Corrupt(fmt::format("its {} is {}, not {}", name, have, want));
  };
  PEEL_RETURN_IF_ERROR(check("SHA-256", wanted.sha256, sha256));
  return check("MD5", wanted.md5, md5);
}

Result<std::unique_ptr<Download>> Download::Begin(const std::string& target) {
  std::string path = target + std::string(kSuffix);
  constexpr int kTries = 10;
  for (int i = 0; i < kTries; ++i) {
    // Not O_CLOEXEC: the lock is curl's as well.
    const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW, 0666);
    if (fd < 0) return IoError(path + ": cannot be created (" + Reason(errno) + ")");
    if (flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
      close(fd);
      return IoError(target + ": another run is downloading it at this moment");
    }
    // Its last owner may have removed or renamed it between the two calls.
    if (IsThisFile(path, fd)) {
      return std::unique_ptr<Download>(new Download(target, std::move(path), fd));
    }
    close(fd);
  }
  return IoError(path + ": is replaced again and again by another process");
}

Download::~Download() {
  if (!keep_ && IsThisFile(path_, fd_)) unlink(path_.c_str());
  close(fd_);
}

Status Download::Transfer(const std::string& url, bool resume, bool resumable) {
  if (!resume && ftruncate(fd_, 0) != 0) {
    return IoError(path_ + ": cannot be written (" + Reason(errno) + ")");
  }
  std::optional<int> ended = Curl(url, path_, resume);
  if (resume && ended && (*ended == kHttpError || *ended == kRangeError)) {
    // The server cannot go on in the middle, or thinks that the file ends before it.
    return Transfer(url, /*resume=*/false, resumable);
  }
  if (ended == 0) return OkStatus();
  if (ended == -1) {
    return NotFound(
        fmt::format("the program curl, which does the download, cannot be started. "
                    "Install it, or fetch {} by hand to {}",
                    url, target_));
  }
  keep_ = resumable && SizeOf(fd_) > 0;
  const std::string rest = keep_
                               ? fmt::format("the same command goes on after the {} that have come",
                                             HumanBytes(SizeOf(fd_)))
                               : "nothing was kept";
  if (!ended) return Cancelled(fmt::format("{}: interrupted; {}", url, rest));
  return IoError(
      fmt::format("{}: the download failed (curl's exit status {}); {}", url, *ended, rest));
}

Status Download::Fetch(const std::string& url, const Checksums& checksums) {
  const bool resume = checksums.known() && SizeOf(fd_) > 0;
  if (resume && CheckChecksums(path_, checksums).ok()) return OkStatus();  // killed at the end
  WriteMessage(fmt::format("peel: downloading {}\n", OneLine(url)));
  PEEL_RETURN_IF_ERROR(Transfer(url, resume, checksums.known()));
  Status status = CheckChecksums(path_, checksums);
  if (resume && status.code() == StatusCode::kCorrupt) {  // the beginning was of another file
    PEEL_RETURN_IF_ERROR(Transfer(url, /*resume=*/false, checksums.known()));
    status = CheckChecksums(path_, checksums);
  }
  if (status.code() != StatusCode::kCorrupt) return status;
  return std::move(status).WithContext(url + ": what was downloaded is another file than expected");
}

Status Download::Finish() {
  if (fsync(fd_) != 0 && errno != EINVAL) {
    return IoError(path_ + ": cannot be written (" + Reason(errno) + ")");
  }
  if (rename(path_.c_str(), target_.c_str()) == 0) return OkStatus();
  return IoError(target_ + ": cannot be given its name (" + Reason(errno) + ")");
}

void RemoveStaleDownloads(const std::string& folder) {
  const auto now = fs::file_time_type::clock::now();
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const std::string path = it->path().string(), name = it->path().filename().string();
    std::error_code unknown;
    const auto age = now - fs::last_write_time(path, unknown);
    if (unknown || !it->is_regular_file(unknown)) continue;
    // Another machine may have the process: it then writes to the file.
    if (IsDeadPart(name) && age > std::chrono::minutes(1)) unlink(path.c_str());
    if (!name.ends_with(".onnx" + std::string(kSuffix)) || age < std::chrono::hours(24)) continue;
    const int fd = open(path.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) continue;
    if (flock(fd, LOCK_EX | LOCK_NB) == 0 && IsThisFile(path, fd)) unlink(path.c_str());
    close(fd);
  }
}

}  // namespace peel

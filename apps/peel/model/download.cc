#include "apps/peel/model/download.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>
#include <vector>

#include "apps/peel/console.h"
#include "src/base/digest.h"
#include "src/base/os/child_process.h"
#include "src/base/os/descriptor.h"
#include "src/base/os/file.h"
#include "src/base/os/interrupt.h"
#include "src/base/os/process.h"
#include "src/base/os/terminal.h"

namespace peel {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSuffix = ".download";

// Of curl(1), EXIT CODES.
constexpr int kHttpError = 22, kRangeError = 33;

std::string Reason(int error) { return std::generic_category().message(error); }

// curl's exit status; -1 when it could not be started, nullopt when a signal has come meanwhile.
std::optional<int> Curl(const std::string& url, const std::string& path, bool resume) {
  std::vector<std::string> words = {"--fail",        "--location", "--proto",   "=https",
                                    "--proto-redir", "=https",     "--globoff", "--show-error",
                                    "--output",      path};
  if (resume) words.insert(words.end(), {"--continue-at", "-"});
  if (!IsTerminal(kStandardError)) words.emplace_back("--silent");
  words.insert(words.end(), {"--", url});
  auto curl = ChildProcess::StartShared("curl", words);
  if (!curl.ok()) return -1;
  std::optional<ProcessEnd> end;
  while (!end) {
    if (Interrupted().cancelled()) {
      curl->Terminate();
      curl->Wait();
      return std::nullopt;
    }
    WaitReadable(WakeDescriptor(), 50);
    end = curl->TryWait();
  }
  // Ctrl-C at a terminal ends curl as well.
  if (Interrupted().cancelled()) return std::nullopt;
  return end->signal == 0 ? std::max(end->code, 0) : 128;
}

uint64_t SizeOf(int fd) {
  const auto info = InfoOfOpen(fd);
  return info ? info->size : 0;
}

bool IsThisFile(const std::string& path, int fd) {
  const auto named = InfoOfLink(path), opened = InfoOfOpen(fd);
  return named && opened && named->is_same(*opened);
}

// Whether `name` is of the kind NAME.onnx.part-PID.onnx, of a process that is no more.
bool IsDeadPart(std::string_view name) {
  constexpr std::string_view kMark = ".onnx.part-", kEnd = ".onnx";
  const size_t mark = name.rfind(kMark);
  if (mark == std::string_view::npos || !name.ends_with(kEnd)) return false;
  const std::string_view digits =
      name.substr(mark + kMark.size(), name.size() - kEnd.size() - mark - kMark.size());
  int pid = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), pid);
  return error == std::errc() && end == digits.data() + digits.size() && pid > 0 &&
         IsProcessGone(pid);
}

}  // namespace

Status CheckChecksums(const std::string& path, const Checksums& wanted) {
  const int fd = OpenFile(path, kOpenRead);
  if (fd < 0) return IoError(path + ": cannot open it (" + Reason(errno) + ")");
  Digest md5(Digest::Kind::kMd5), sha256(Digest::Kind::kSha256);
  std::vector<uint8_t> block(1 << 20);
  ptrdiff_t n = 0;
  while ((n = ReadSome(fd, block.data(), block.size())) > 0) {
    const std::span<const uint8_t> bytes(block.data(), static_cast<size_t>(n));
    if (!wanted.md5.empty()) md5.Update(bytes);
    if (!wanted.sha256.empty()) sha256.Update(bytes);
  }
  const int error = errno;
  CloseFile(fd);
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
    // The lock is curl's as well.
    const int fd =
        OpenFile(path, kOpenRead | kOpenWrite | kOpenCreate | kOpenNoFollow | kOpenInherited);
    if (fd < 0) return IoError(path + ": cannot be created (" + Reason(errno) + ")");
    if (LockFile(fd, FileLock::kExclusive, /*wait=*/false) != 0 && errno == EWOULDBLOCK) {
      CloseFile(fd);
      return IoError(target + ": another run is downloading it at this moment");
    }
    // Its last owner may have removed or renamed it between the two calls.
    if (IsThisFile(path, fd)) {
      return std::unique_ptr<Download>(new Download(target, std::move(path), fd));
    }
    CloseFile(fd);
  }
  return IoError(path + ": is replaced again and again by another process");
}

Download::~Download() {
  if (!keep_ && IsThisFile(path_, fd_)) RemoveFile(path_);
  CloseFile(fd_);
}

Status Download::Transfer(const std::string& url, bool resume, bool resumable) {
  if (!resume && Truncate(fd_, 0) != 0) {
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
  if (SyncFile(fd_) != 0 && errno != EINVAL) {
    return IoError(path_ + ": cannot be written (" + Reason(errno) + ")");
  }
  if (RenameFile(path_.c_str(), target_.c_str()) == 0) return OkStatus();
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
    if (IsDeadPart(name) && age > std::chrono::minutes(1)) RemoveFile(path);
    if (!name.ends_with(".onnx" + std::string(kSuffix)) || age < std::chrono::hours(24)) continue;
    const int fd = OpenFile(path, kOpenRead | kOpenWrite | kOpenNoFollow);
    if (fd < 0) continue;
    if (LockFile(fd, FileLock::kExclusive, /*wait=*/false) == 0 && IsThisFile(path, fd)) {
      RemoveFile(path);
    }
    CloseFile(fd);
  }
}

}  // namespace peel

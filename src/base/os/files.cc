#include "src/base/os/files.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <thread>

#include "src/base/os/descriptor.h"
#include "src/base/os/file.h"
#include "src/base/os/unique_fd.h"

namespace peel {
namespace {

namespace fs = std::filesystem;

std::string Reason(int error) { return std::generic_category().message(error); }

}  // namespace

Status WriteFailure(std::string_view what, int error) {
  std::string text = std::string(what) + " (" + Reason(error) + ")";
  switch (error) {
    case ENOSPC:
#ifdef EDQUOT  // Windows has no such error
    case EDQUOT:
#endif
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
    const ptrdiff_t n = ReadSome(fd, bytes.data() + used, bytes.size() - used);
    if (n < 0) return IoError("cannot read it (" + Reason(errno) + ")");
    if (n == 0) break;
    used += static_cast<size_t>(n);
  }
  if (used > max_bytes) return LimitReached(max_bytes);
  bytes.resize(used);
  return bytes;
}

bool SameContent(const FileInfo& a, const FileInfo& b) {
  return a.size == b.size && a.modified == b.modified;
}

Status NoSuchFile(const std::string& path) {
  const auto link = InfoOfLink(path);
  if (link && link->kind == FileKind::kLink) {
    return NotFound("is a link that leads nowhere");
  }
  return NotFound("there is no such file");
}

}  // namespace

Result<std::vector<uint8_t>> ReadWholeFile(const std::string& path, uint64_t max_bytes) {
  const bool standard_input = path == "-";
  UniqueFd file;
  if (!standard_input) {
    file = UniqueFd(OpenFile(path, kOpenRead));
    if (!file) {
      const int error = errno;
      if (error == ENOENT || error == ENOTDIR) return NoSuchFile(path);
      return IoError("cannot open it (" + Reason(error) + ")");
    }
  }
  const int fd = standard_input ? kStandardInput : file.get();
  constexpr int kTries = 4;
  for (int attempt = 0; attempt < kTries; ++attempt) {
    const auto before = InfoOfOpen(fd);
    if (!before) return IoError("cannot read it (" + Reason(errno) + ")");
    if (before->is_folder()) return InvalidArgument("is a folder, not a file");
    const bool regular = before->is_file() && !standard_input;
    const uint64_t expected = before->is_file() ? before->size : 0;
    if (expected > max_bytes) return LimitReached(max_bytes);
    auto bytes = ReadToEnd(fd, expected, max_bytes);
    if (!bytes.ok() || !regular) return bytes;
    const auto after = InfoOfOpen(fd);
    if (!after) return IoError("cannot read it (" + Reason(errno) + ")");
    // Files of /proc and of some network file systems claim to be empty.
    const bool whole = bytes->size() == expected || expected == 0;
    if (whole && SameContent(*before, *after)) return bytes;
    if (SeekTo(fd, 0) != 0) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(50 << attempt));
  }
  return IoError("keeps changing while it is read; try again once it is complete");
}

Status WriteFileAtomically(const std::string& path, std::span<const uint8_t> bytes) {
  return WriteFileAtomically(path, [&](const ByteSink& sink) { return sink(bytes); });
}

Status WriteFileAtomically(const std::string& path, const ByteSource& content) {
  if (path == "-") return WriteFrom(kStandardOutput, content);
  if (const auto info = InfoOf(path); info && !info->is_file()) {
    if (info->is_folder()) {
      return InvalidArgument(
          "a folder has this name; give it with -O to write into it, or choose another name");
    }
    UniqueFd file(OpenFile(path, kOpenWrite));
    if (!file) return WriteFailure("cannot open it for writing", errno);
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

Status CreateFolders(const std::string& folder) {
  if (folder.empty()) return OkStatus();
  std::error_code error;
  fs::create_directories(folder, error);
  if (!error) return OkStatus();
  return IoError("cannot create the folder " + folder + " (" + error.message() + ")");
}

bool IsSameFile(const std::string& a, const std::string& b) {
  const auto first = InfoOf(a), second = InfoOf(b);
  return first && second && first->is_same(*second);
}

}  // namespace peel

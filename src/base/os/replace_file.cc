#include "src/base/os/replace_file.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "src/base/os/file.h"
#include "src/base/os/temporary_files.h"
#include "src/base/os/unique_fd.h"

namespace peel {
namespace {

namespace fs = std::filesystem;

// Long enough for the mark by which any picture format is known.
constexpr size_t kHeadBytes = 64;

class Replacement {
 public:
  Replacement(const std::string& target, const ByteSource& content, RenameFunction rename_file)
      : target_(target), content_(content), rename_(rename_file), old_(InfoOf(target)) {}

  Status Run() {
    auto written = WriteNameless();
    Status status = written.status();
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
    if (SyncFile(fd) != 0 && errno != EINVAL) return WriteFailure("cannot write it", errno);
    return OkStatus();
  }

  // Everything but giving the finished file its name.
  Status Fill(int fd) {
    PEEL_RETURN_IF_ERROR(WriteFrom(fd, content_));
    if (old_) KeepAccess(fd, target_, *old_);
    return Sync(fd);
  }

  Status Rename(const std::string& temporary) {
    if (rename_(temporary.c_str(), target_.c_str()) == 0) return OkStatus();
    const int error = errno;
    RemoveFile(temporary);
    return Refused("cannot give the file its name", error);
  }

  // A nameless file vanishes by itself when the process is killed, so it is tried first.
  // false: the file system (or a missing /proc) does not have it, nothing was done.
  Result<bool> WriteNameless() {
    const fs::path target(target_);
    const std::string folder = target.has_parent_path() ? target.parent_path().string() : ".";
    const UniqueFd file(OpenNameless(folder));
    if (!file) return false;
    PEEL_RETURN_IF_ERROR(Fill(file.get()));
    if (GiveName(file.get(), target_) == 0) return true;
    if (errno != EEXIST) return false;
    const std::string temporary = TemporaryName(target_);
    if (GiveName(file.get(), temporary) != 0) return false;
    PEEL_RETURN_IF_ERROR(Rename(temporary));
    return true;
  }

  Status WriteNamed() {
    const std::string temporary = TemporaryName(target_);
    // What replaces a private file is private from the start.
    UniqueFd file(OpenFile(temporary, kOpenWrite | kOpenCreate | kOpenExclusive | kOpenNoFollow,
                           old_ ? 0600 : 0666));
    if (!file) return Refused("cannot create a file in its folder", errno);
    Status status = Fill(file.get());
    if (status.ok() && file.Close() != 0) status = WriteFailure("cannot write it", errno);
    if (!status.ok()) {
      RemoveFile(temporary);
      return status;
    }
    return Rename(temporary);
  }

  // `why_not` otherwise: what a user can do about is what kept the file from being replaced.
  Status WriteInPlace(Status why_not) {
    UniqueFd file(OpenFile(target_, kOpenWrite));
    if (!file) return why_not;
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
    // A disk without room for it leaves the old content alone.
    if (const int error = ReserveRoom(file.get(), bytes); error != 0) {
      return WriteFailure("cannot write it", error);
    }
    const auto at = [&](size_t offset) { return SeekTo(file.get(), offset) == 0; };
    if (Truncate(file.get(), 0) != 0 || !at(head.size())) {
      return WriteFailure("cannot write it", errno);
    }
    Status status = WriteFrom(file.get(), tail);
    if (status.ok()) status = Sync(file.get());
    if (status.ok() && !at(0)) status = WriteFailure("cannot write it", errno);
    if (status.ok()) status = WriteAll(file.get(), head);
    if (status.ok()) status = Sync(file.get());
    if (!status.ok()) (void)Truncate(file.get(), 0);
    if (file.Close() != 0 && status.ok()) status = WriteFailure("cannot write it", errno);
    return status;
  }

  const std::string& target_;
  const ByteSource& content_;
  const RenameFunction rename_;
  const std::optional<FileInfo> old_;
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

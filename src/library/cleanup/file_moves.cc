#include "src/library/cleanup/file_moves.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>
#include <system_error>
#include <vector>

#include "src/base/os/file.h"
#include "src/base/os/source_file.h"
#include "src/base/os/temporary_files.h"
#include "src/base/os/unique_fd.h"

namespace peel::library {
namespace {

namespace fs = std::filesystem;

constexpr size_t kBlock = 1U << 20;

Status Failure(std::string_view what, const std::error_code& error) {
  return IoError(std::string(what) + ": " + error.message());
}

Status LastFailure(std::string_view what) {
  return Failure(what, std::error_code(errno, std::generic_category()));
}

Status Taken() { return InvalidArgument("there is a file of that name already"); }

// A name is on the disk once its folder is. Not every file system can be asked for that.
void SyncFolderOf(const std::string& path) {
  const std::string folder = fs::path(path).parent_path().string();
  const UniqueFd fd(OpenFile(folder.empty() ? "." : folder, kOpenRead));
  if (fd.get() >= 0) SyncFile(fd.get());
}

Status CopyContent(const std::string& from, int to) {
  PEEL_ASSIGN_OR_RETURN(const std::shared_ptr<const SourceFile> source, SourceFile::Open(from));
  std::vector<uint8_t> block(std::min<uint64_t>(source->size(), kBlock));
  for (uint64_t at = 0; at < source->size();) {
    const size_t size = std::min<uint64_t>(kBlock, source->size() - at);
    PEEL_RETURN_IF_ERROR(source->Read(at, size, block.data()));
    for (size_t done = 0; done < size;) {
      const ptrdiff_t n = WriteOnce(to, block.data() + done, size - done);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return LastFailure("writing the copy failed");
      done += static_cast<size_t>(n);
    }
    at += size;
  }
  if (SyncFile(to) != 0) return LastFailure("the copy did not get to the disk");
  const std::optional<FileInfo> copy = InfoOfOpen(to);
  const std::optional<FileInfo> original = InfoOf(from);
  if (!copy || !original || copy->size != original->size || copy->size != source->size()) {
    return IoError("the file changed while it was copied");
  }
  return OkStatus();
}

// On another file system: under a name of its own first, which no half copy leaves.
Status CopyAndRemove(const std::string& from, const std::string& to) {
  const std::string temporary = TemporaryName(to);
  UniqueFd fd(OpenFile(temporary, kOpenWrite | kOpenCreate | kOpenExclusive, 0600));
  if (fd.get() < 0) return LastFailure("the folder takes no file");
  const auto give_up = [&](Status status) {
    RemoveFile(temporary);
    return status;
  };
  if (Status status = CopyContent(from, fd.get()); !status.ok()) return give_up(status);
  fd.Reset();
  std::error_code error;
  fs::permissions(temporary, fs::status(from, error).permissions(), error);
  if (const auto time = fs::last_write_time(from, error); !error) {
    fs::last_write_time(temporary, time, error);
  }
  fs::create_hard_link(temporary, to, error);
  if (error == std::errc::file_exists) return give_up(Taken());
  if (error) {
    // No second names there: an empty file takes the name, and the copy that of the empty file.
    const UniqueFd place(OpenFile(to, kOpenWrite | kOpenCreate | kOpenExclusive, 0600));
    if (place.get() < 0) {
      return give_up(errno == EEXIST ? Taken() : LastFailure("the folder takes no file"));
    }
    if (RenameFile(temporary.c_str(), to.c_str()) != 0) {
      RemoveFile(to);
      return give_up(LastFailure("the copy could not be given its name"));
    }
  } else {
    RemoveFile(temporary);
  }
  SyncFolderOf(to);
  if (RemoveFile(from) != 0) {
    return LastFailure("it was copied, and could not be removed from where it was");
  }
  SyncFolderOf(from);
  return OkStatus();
}

}  // namespace

std::string NumberedName(const std::string& path, int number) {
  if (number < 2) return path;
  const size_t name = path.find_last_of('/') + 1;
  const size_t dot = path.find_last_of('.');
  const size_t at = dot == std::string::npos || dot <= name ? path.size() : dot;
  return path.substr(0, at) + " (" + std::to_string(number) + ")" + path.substr(at);
}

Status MoveFile(const std::string& from, const std::string& to) {
  // A second name first, then the old one goes: unlike renaming this never writes over a file.
  std::error_code error;
  fs::create_hard_link(from, to, error);
  if (error == std::errc::file_exists) return Taken();
  if (error) {
    if (const std::optional<FileInfo> there = InfoOfLink(to); there) return Taken();
    return CopyAndRemove(from, to);
  }
  SyncFolderOf(to);
  if (RemoveFile(from) != 0) {
    Status status = LastFailure("it could not be removed from where it was");
    RemoveFile(to);
    return status;
  }
  SyncFolderOf(from);
  return OkStatus();
}

Status ReplaceByLink(const std::string& kept, const std::string& to) {
  const std::string temporary = TemporaryName(to);
  std::error_code error;
  fs::create_hard_link(kept, temporary, error);
  if (error) return Failure("no hard link can be made there", error);
  if (RenameFile(temporary.c_str(), to.c_str()) != 0) {
    Status status = LastFailure("the link could not take the file's place");
    RemoveFile(temporary);
    return status;
  }
  SyncFolderOf(to);
  return OkStatus();
}

Result<bool> HaveSameBytes(const std::string& a, const std::string& b) {
  PEEL_ASSIGN_OR_RETURN(const std::shared_ptr<const SourceFile> first, SourceFile::Open(a));
  PEEL_ASSIGN_OR_RETURN(const std::shared_ptr<const SourceFile> second, SourceFile::Open(b));
  if (first->size() != second->size()) return false;
  std::vector<uint8_t> left(std::min<uint64_t>(first->size(), kBlock)), right(left.size());
  for (uint64_t at = 0; at < first->size();) {
    const size_t size = std::min<uint64_t>(kBlock, first->size() - at);
    PEEL_RETURN_IF_ERROR(first->Read(at, size, left.data()));
    PEEL_RETURN_IF_ERROR(second->Read(at, size, right.data()));
    if (std::memcmp(left.data(), right.data(), size) != 0) return false;
    at += size;
  }
  return true;
}

}  // namespace peel::library

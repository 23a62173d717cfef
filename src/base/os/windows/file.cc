#include "src/base/os/file.h"

#include <fcntl.h>
#include <io.h>
#include <windows.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <filesystem>
#include <vector>

#include "src/base/os/windows/wide.h"

namespace peel {
namespace {

using windows::SetErrno;
using windows::Wide;

constexpr DWORD kShareAll = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
constexpr uint64_t kEpoch = 116444736000000000;  // of 1970, in units of 100 ns since 1601

uint64_t Join(DWORD high, DWORD low) { return uint64_t{high} << 32 | low; }

HANDLE HandleOf(int fd) { return reinterpret_cast<HANDLE>(_get_osfhandle(fd)); }

std::optional<FileInfo> From(HANDLE handle, bool follow) {
  FileInfo file;
  file.is_own = true;  // access lists are not looked at
  file.kind = FileKind::kOther;
  if (GetFileType(handle) != FILE_TYPE_DISK) return file;
  BY_HANDLE_FILE_INFORMATION info = {};
  if (!GetFileInformationByHandle(handle, &info)) {
    SetErrno();
    return std::nullopt;
  }
  const DWORD bits = info.dwFileAttributes;
  if (!follow && (bits & FILE_ATTRIBUTE_REPARSE_POINT) != 0) {
    file.kind = FileKind::kLink;
  } else {
    file.kind = (bits & FILE_ATTRIBUTE_DIRECTORY) != 0 ? FileKind::kFolder : FileKind::kFile;
  }
  file.size = Join(info.nFileSizeHigh, info.nFileSizeLow);
  const uint64_t written =
      Join(info.ftLastWriteTime.dwHighDateTime, info.ftLastWriteTime.dwLowDateTime);
  file.modified = static_cast<int64_t>((written - kEpoch) * 100);
  file.device = info.dwVolumeSerialNumber;
  file.number = Join(info.nFileIndexHigh, info.nFileIndexLow);
  file.rights = (bits & FILE_ATTRIBUTE_READONLY) != 0 ? 0444 : 0666;
  return file;
}

std::optional<FileInfo> Look(const std::string& path, bool follow) {
  const DWORD flags =
      FILE_FLAG_BACKUP_SEMANTICS | (follow ? 0 : FILE_FLAG_OPEN_REPARSE_POINT);  // folders too
  const HANDLE handle = CreateFileW(Wide(path).c_str(), FILE_READ_ATTRIBUTES, kShareAll, nullptr,
                                    OPEN_EXISTING, flags, nullptr);
  if (handle == INVALID_HANDLE_VALUE) {
    SetErrno();
    return std::nullopt;
  }
  auto info = From(handle, follow);
  CloseHandle(handle);
  return info;
}

// A name that hardly anybody else takes.
std::string Fresh() {
  static std::atomic<unsigned> counter{0};
  return std::to_string(GetCurrentProcessId()) + "-" + std::to_string(GetTickCount64()) + "-" +
         std::to_string(counter++);
}

}  // namespace

std::optional<FileInfo> InfoOf(const std::string& path) { return Look(path, true); }

std::optional<FileInfo> InfoOfLink(const std::string& path) { return Look(path, false); }

std::optional<FileInfo> InfoOfOpen(int fd) {
  const HANDLE handle = HandleOf(fd);
  if (handle != INVALID_HANDLE_VALUE) return From(handle, true);
  errno = EBADF;
  return std::nullopt;
}

int OpenFile(const std::string& path, unsigned flags, unsigned) {
  const bool reads = (flags & kOpenRead) != 0, writes = (flags & kOpenWrite) != 0;
  const bool creates = (flags & kOpenCreate) != 0, empties = (flags & kOpenTruncate) != 0;
  DWORD access = reads ? GENERIC_READ : 0;
  if (writes) access |= (flags & kOpenAppend) != 0 ? FILE_APPEND_DATA | SYNCHRONIZE : GENERIC_WRITE;
  DWORD how = OPEN_EXISTING;
  if (creates) how = (flags & kOpenExclusive) != 0 ? CREATE_NEW : OPEN_ALWAYS;
  DWORD attributes = FILE_ATTRIBUTE_NORMAL;
  if (!writes) attributes |= FILE_FLAG_BACKUP_SEMANTICS;  // a folder can be opened, too
  if ((flags & kOpenNoFollow) != 0) attributes |= FILE_FLAG_OPEN_REPARSE_POINT;
  SECURITY_ATTRIBUTES security = {sizeof(security), nullptr, (flags & kOpenInherited) != 0};
  const HANDLE handle =
      CreateFileW(Wide(path).c_str(), access, kShareAll, &security, how, attributes, nullptr);
  if (handle == INVALID_HANDLE_VALUE) return SetErrno();
  if ((flags & kOpenNoFollow) != 0) {
    if (const auto info = From(handle, false); info && info->kind == FileKind::kLink) {
      CloseHandle(handle);
      errno = ELOOP;
      return -1;
    }
  }
  const int mode = _O_BINARY | ((flags & kOpenAppend) != 0 ? _O_APPEND : 0) |
                   ((flags & kOpenInherited) != 0 ? 0 : _O_NOINHERIT);
  const int fd = _open_osfhandle(reinterpret_cast<intptr_t>(handle), mode);
  if (fd < 0) {
    CloseHandle(handle);
  } else if (empties && Truncate(fd, 0) != 0) {
    CloseFile(fd);
    return -1;
  }
  return fd;
}

int CloseFile(int fd) { return _close(fd); }

ptrdiff_t ReadOnce(int fd, void* buffer, size_t size) {
  return _read(fd, buffer, static_cast<unsigned>(std::min<size_t>(size, 1 << 30)));
}

// The system moves the file's position with it: put back, for whoever reads on or writes on.
ptrdiff_t ReadAt(int fd, void* buffer, size_t size, uint64_t offset) {
  const int64_t position = PositionOf(fd);
  OVERLAPPED at = {};
  at.Offset = static_cast<DWORD>(offset);
  at.OffsetHigh = static_cast<DWORD>(offset >> 32);
  DWORD got = 0;
  const bool read = ReadFile(HandleOf(fd), buffer,
                             static_cast<DWORD>(std::min<size_t>(size, 1 << 30)), &got, &at);
  const bool ended = !read && GetLastError() == ERROR_HANDLE_EOF;
  if (!read && !ended) return SetErrno();
  if (position >= 0) _lseeki64(fd, position, SEEK_SET);
  return static_cast<ptrdiff_t>(got);
}

ptrdiff_t WriteOnce(int fd, const void* bytes, size_t size) {
  return _write(fd, bytes, static_cast<unsigned>(std::min<size_t>(size, 1 << 30)));
}

int Truncate(int fd, uint64_t size) {
  const errno_t error = _chsize_s(fd, static_cast<int64_t>(size));
  if (error == 0) return 0;
  errno = error;
  return -1;
}

int SeekTo(int fd, uint64_t offset) {
  return _lseeki64(fd, static_cast<int64_t>(offset), SEEK_SET) >= 0 ? 0 : -1;
}

int64_t PositionOf(int fd) { return _lseeki64(fd, 0, SEEK_CUR); }

int SyncFile(int fd) { return _commit(fd); }

int SyncContent(int fd) { return _commit(fd); }

// Locks keep others from the bytes themselves here: so one far behind the end is locked.
int LockFile(int fd, FileLock kind, bool wait) {
  OVERLAPPED at = {};
  at.OffsetHigh = 0x40000000;
  const DWORD flags = (kind == FileLock::kExclusive ? LOCKFILE_EXCLUSIVE_LOCK : 0) |
                      (wait ? 0 : LOCKFILE_FAIL_IMMEDIATELY);
  return LockFileEx(HandleOf(fd), flags, 0, 1, 0, &at) ? 0 : SetErrno();
}

int RemoveFile(const std::string& path) { return DeleteFileW(Wide(path).c_str()) ? 0 : SetErrno(); }

// A file that anybody has open cannot be replaced here. Who only reads it (another process of Peel,
// a virus scanner) is soon done, so it is tried for about two seconds.
int RenameFile(const char* from, const char* to) {
  const std::wstring source = Wide(from), target = Wide(to);
  for (int attempt = 0;; ++attempt) {
    if (MoveFileExW(source.c_str(), target.c_str(), MOVEFILE_REPLACE_EXISTING)) return 0;
    const DWORD error = GetLastError();
    const DWORD kind = GetFileAttributesW(target.c_str());
    const bool is_folder =
        kind != INVALID_FILE_ATTRIBUTES && (kind & FILE_ATTRIBUTE_DIRECTORY) != 0;
    const bool is_open = error == ERROR_ACCESS_DENIED || error == ERROR_SHARING_VIOLATION;
    if (!is_open || is_folder || attempt == 1000) {
      SetLastError(error);
      return SetErrno();
    }
    Sleep(1);  // which takes two, as a rule
  }
}

int ListFolder(const std::string& folder, FunctionRef<void(std::string_view, FileKind)> entry) {
  WIN32_FIND_DATAW found = {};
  const HANDLE listing = FindFirstFileW(Wide(folder + "/*").c_str(), &found);
  if (listing == INVALID_HANDLE_VALUE) {
    SetErrno();
    return errno;
  }
  do {
    const std::string name = windows::Narrow(found.cFileName);
    if (name == "." || name == "..") continue;
    const DWORD bits = found.dwFileAttributes;
    entry(name, (bits & FILE_ATTRIBUTE_REPARSE_POINT) != 0 ? FileKind::kLink
                : (bits & FILE_ATTRIBUTE_DIRECTORY) != 0   ? FileKind::kFolder
                                                           : FileKind::kFile);
  } while (FindNextFileW(listing, &found));
  const bool whole = GetLastError() == ERROR_NO_MORE_FILES;
  if (!whole) SetErrno();
  FindClose(listing);
  return whole ? 0 : errno;
}

// In the last part of the name alone, and without brackets.
bool MatchPattern(const std::string& pattern, FunctionRef<void(const std::string& path)> match) {
  WIN32_FIND_DATAW found = {};
  const HANDLE listing = FindFirstFileW(Wide(pattern).c_str(), &found);
  if (listing == INVALID_HANDLE_VALUE) return false;
  std::vector<std::string> names;
  do {
    const std::string name = windows::Narrow(found.cFileName);
    if (!name.starts_with('.')) names.push_back(name);
  } while (FindNextFileW(listing, &found));
  FindClose(listing);
  std::ranges::sort(names);
  const size_t folder = pattern.find_last_of("/\\") + 1;  // npos + 1 is 0
  for (const std::string& name : names) match(pattern.substr(0, folder) + name);
  return !names.empty();
}

std::string MakeTemporaryFolder(const std::string& prefix) {
  for (int attempt = 0; attempt < 100; ++attempt) {
    const std::string name = prefix + Fresh();
    if (CreateDirectoryW(Wide(name).c_str(), nullptr)) return name;
    SetErrno();
    if (errno != EEXIST) break;
  }
  return "";
}

int OpenScratch(const std::string& folder) {
  const HANDLE handle = CreateFileW(Wide(folder + "/.peel-scratch-" + Fresh()).c_str(),
                                    GENERIC_READ | GENERIC_WRITE, kShareAll, nullptr, CREATE_NEW,
                                    FILE_ATTRIBUTE_TEMPORARY | FILE_FLAG_DELETE_ON_CLOSE, nullptr);
  if (handle == INVALID_HANDLE_VALUE) return SetErrno();
  return _open_osfhandle(reinterpret_cast<intptr_t>(handle), _O_BINARY | _O_NOINHERIT);
}

// There are no files without a name.
int OpenNameless(const std::string&) {
  errno = ENOTSUP;
  return -1;
}

int GiveName(int, const std::string&) {
  errno = ENOTSUP;
  return -1;
}

int ReserveRoom(int, uint64_t) { return 0; }

void KeepAccess(int, const std::string&, const FileInfo&) {}

}  // namespace peel

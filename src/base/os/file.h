#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "src/base/function_ref.h"

namespace peel {

// Files by descriptor, as the system gives them. Unless said otherwise what fails returns -1 (or
// nullopt) and leaves the reason in errno; nothing is retried or waited for.

inline constexpr int kStandardInput = 0, kStandardOutput = 1, kStandardError = 2;

// What a name stands for. kLink only where links are not followed (InfoOfLink, ListFolder).
enum class FileKind : uint8_t { kUnknown, kFile, kFolder, kLink, kOther };

// What the system tells of a file.
struct FileInfo {
  FileKind kind = FileKind::kUnknown;
  uint64_t size = 0;
  int64_t modified = 0;             // nanoseconds since 1970
  uint64_t device = 0, number = 0;  // the two together tell files apart; number 0: unknown
  uint32_t owner = 0, group = 0;
  uint32_t rights = 0;  // the nine bits of owner, group and others
  bool is_own = false;  // of the user that this process runs as

  bool is_file() const { return kind == FileKind::kFile; }
  bool is_folder() const { return kind == FileKind::kFolder; }
  bool is_same(const FileInfo& o) const { return device == o.device && number == o.number; }
};

std::optional<FileInfo> InfoOf(const std::string& path);      // links are followed
std::optional<FileInfo> InfoOfLink(const std::string& path);  // links are not
std::optional<FileInfo> InfoOfOpen(int fd);

// How OpenFile opens; any of them together.
enum OpenFlags : unsigned {
  kOpenRead = 1,
  kOpenWrite = 2,
  kOpenCreate = 4,
  kOpenExclusive = 8,  // with kOpenCreate: fails where there is one
  kOpenTruncate = 16,
  kOpenAppend = 32,      // each write goes to the end, also beside other writers
  kOpenNoFollow = 64,    // fails where the name is a link
  kOpenNoWait = 128,     // for a pipe's other end, or for somebody's lease
  kOpenInherited = 256,  // by the programs that this one starts
};

// `rights`: of a file that is created, less what the process's mask takes away.
int OpenFile(const std::string& path, unsigned flags, unsigned rights = 0666);
// May be the call that reports a full disk (NFS).
int CloseFile(int fd);

// One call of the system each: the bytes that were read or written, 0 at the end.
ptrdiff_t ReadOnce(int fd, void* buffer, size_t size);
ptrdiff_t ReadAt(int fd, void* buffer, size_t size, uint64_t offset);
ptrdiff_t WriteOnce(int fd, const void* bytes, size_t size);

// Sizes and positions in bytes from the start.
int Truncate(int fd, uint64_t size);
int SeekTo(int fd, uint64_t offset);
int64_t PositionOf(int fd);
int SyncFile(int fd);     // until it is on the disk
int SyncContent(int fd);  // the same without times and rights

// Locks between processes: any number of kShared, or one kExclusive alone.
enum class FileLock : uint8_t { kShared, kExclusive };
// Goes with the descriptor's last owner. EWOULDBLOCK where another has it and `wait` is false.
int LockFile(int fd, FileLock kind, bool wait);

// The name goes; what lies under it stays for whoever has it open.
int RemoveFile(const std::string& path);
// In one step, over what has the name.
int RenameFile(const char* from, const char* to);

// Names in a folder with what it says of them, hidden ones too but "." and "..", in any order. 0,
// or the errno of what went wrong, perhaps after some.
int ListFolder(const std::string& folder, FunctionRef<void(std::string_view, FileKind)> entry);

// Gives what matches a shell's pattern, sorted; false where nothing does.
bool MatchPattern(const std::string& pattern, FunctionRef<void(const std::string& path)> match);

// A new folder of this process's own, its name `prefix` and a few letters; "" and errno.
std::string MakeTemporaryFolder(const std::string& prefix);

// A file without a name in this folder, or where it takes none in that for temporary files: read,
// written, and gone when it is closed.
int OpenScratch(const std::string& folder);

// What a file needs that is to take another's place (replace_file.h).

// A file without a name that GiveName can give one; -1 where the folder has none such.
int OpenNameless(const std::string& folder);
int GiveName(int fd, const std::string& name);
// Room on the disk for so many bytes, the size stays: 0, or the errno that says that there is none.
int ReserveRoom(int fd, uint64_t bytes);
// As far as this process may: owner, group, rights and access list of `target`, which was `old`.
void KeepAccess(int fd, const std::string& target, const FileInfo& old);

}  // namespace peel

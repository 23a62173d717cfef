#include "src/library/scan_lock.h"

#include <cerrno>
#include <optional>
#include <system_error>
#include <utility>

#include "src/base/os/file.h"

namespace peel::library {

Result<ScanLock> ScanLock::Take(const std::string& database) {
  const std::string path = database + ".lock";
  // Who has had it takes its file away: then what was locked here may be a file without a name.
  for (int attempt = 0; attempt < 100; ++attempt) {
    UniqueFd file(OpenFile(path, kOpenRead | kOpenWrite | kOpenCreate));
    if (!file) {
      return IoError(database + ": the library cannot be written there (" +
                     std::generic_category().message(errno) + "); keep it elsewhere by --db FILE");
    }
    if (LockFile(file.get(), FileLock::kExclusive, /*wait=*/false) != 0) {
      if (errno == EINTR) continue;
      if (errno == EWOULDBLOCK) {
        return IoError(database +
                       ": another scan is writing into this library; wait until it has finished, "
                       "or scan into a library of its own by --db FILE");
      }
      return IoError(path + ": cannot be locked: " + std::generic_category().message(errno));
    }
    const std::optional<FileInfo> named = InfoOf(path), locked = InfoOfOpen(file.get());
    if (named && locked && named->is_same(*locked)) return ScanLock(std::move(file), path);
  }
  return IoError(database + ": another scan is writing into this library; try again later");
}

ScanLock::~ScanLock() {
  if (file_) RemoveFile(path_);
}

}  // namespace peel::library

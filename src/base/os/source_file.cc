#include "src/base/os/source_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace peel {
namespace {

std::string Reason(int error) { return std::generic_category().message(error); }

}  // namespace

SourceFile::Bytes::~Bytes() {
  if (size_ > 0) munmap(data_, size_);
}

SourceFile::~SourceFile() { close(fd_); }

Result<std::shared_ptr<const SourceFile>> SourceFile::Open(const std::string& path) {
  // Without O_NONBLOCK the opening of a pipe would wait for a writer.
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) {
    const int error = errno;
    if (error == ENOENT || error == ENOTDIR) return NotFound("no such file");
    return IoError("cannot be opened: " + Reason(error));
  }
  std::shared_ptr<SourceFile> file(new SourceFile(fd));
  struct stat info = {};
  if (fstat(fd, &info) != 0) return IoError("cannot be examined: " + Reason(errno));
  if (!S_ISREG(info.st_mode)) return IoError("is not a regular file");
  file->size_ = static_cast<uint64_t>(info.st_size);
  file->seconds_ = info.st_mtim.tv_sec;
  file->nanoseconds_ = info.st_mtim.tv_nsec;
  return std::shared_ptr<const SourceFile>(std::move(file));
}

Result<std::shared_ptr<const SourceFile::Bytes>> SourceFile::ReadAll() const {
  const auto size = static_cast<size_t>(size_);
  void* data = nullptr;
  if (size > 0) {
    data = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (data == MAP_FAILED) {
      return OutOfMemory(std::to_string(size) + " bytes of memory for it cannot be had");
    }
    madvise(data, size, MADV_HUGEPAGE);  // a hundredth of the page faults
  }
  auto bytes = std::make_shared<const Bytes>(static_cast<uint8_t*>(data), size);
  PEEL_RETURN_IF_ERROR(Read(0, size, data));
  return bytes;
}

Status SourceFile::Read(uint64_t offset, size_t size, void* to) const {
  auto* out = static_cast<uint8_t*>(to);
  bool ended = false;
  for (size_t done = 0; done < size && !ended;) {
    const ssize_t n = pread(fd_, out + done, std::min(size - done, size_t{1} << 30),
                            static_cast<off_t>(offset + done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return IoError("cannot be read: " + Reason(errno));
    ended = n == 0;
    done += static_cast<size_t>(n);
  }
  // After the reading: a change that came before it has left its mark by now.
  struct stat info = {};
  if (fstat(fd_, &info) != 0) return IoError("cannot be examined: " + Reason(errno));
  if (ended || static_cast<uint64_t>(info.st_size) != size_ || info.st_mtim.tv_sec != seconds_ ||
      info.st_mtim.tv_nsec != nanoseconds_) {
    return IoError(
        "was changed while it is in use; load it again, and replace such a file with mv, "
        "not by writing into it");
  }
  return OkStatus();
}

}  // namespace peel

#include "src/base/os/source_file.h"

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "src/base/os/file.h"
#include "src/base/os/memory.h"

namespace peel {
namespace {

std::string Reason(int error) { return std::generic_category().message(error); }

}  // namespace

SourceFile::Bytes::~Bytes() {
  if (size_ > 0) FreePages(data_, size_);
}

SourceFile::~SourceFile() { CloseFile(fd_); }

Result<std::shared_ptr<const SourceFile>> SourceFile::Open(const std::string& path) {
  // Without kOpenNoWait the opening of a pipe would wait for a writer.
  const int fd = OpenFile(path, kOpenRead | kOpenNoWait);
  if (fd < 0) {
    const int error = errno;
    if (error == ENOENT || error == ENOTDIR) return NotFound("no such file");
    return IoError("cannot be opened: " + Reason(error));
  }
  std::shared_ptr<SourceFile> file(new SourceFile(fd));
  const auto info = InfoOfOpen(fd);
  if (!info) return IoError("cannot be examined: " + Reason(errno));
  if (!info->is_file()) return IoError("is not a regular file");
  file->size_ = info->size;
  file->modified_ = info->modified;
  return std::shared_ptr<const SourceFile>(std::move(file));
}

Result<std::shared_ptr<const SourceFile::Bytes>> SourceFile::ReadAll() const {
  const auto size = static_cast<size_t>(size_);
  void* data = nullptr;
  if (size > 0) {
    data = AllocatePages(size);
    if (data == nullptr) {
      return OutOfMemory(std::to_string(size) + " bytes of memory for it cannot be had");
    }
    AdviseHugePages(data, size);
  }
  auto bytes = std::make_shared<const Bytes>(static_cast<uint8_t*>(data), size);
  PEEL_RETURN_IF_ERROR(Read(0, size, data));
  return bytes;
}

Status SourceFile::Read(uint64_t offset, size_t size, void* to) const {
  auto* out = static_cast<uint8_t*>(to);
  bool ended = false;
  for (size_t done = 0; done < size && !ended;) {
    const ptrdiff_t n =
        ReadAt(fd_, out + done, std::min(size - done, size_t{1} << 30), offset + done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return IoError("cannot be read: " + Reason(errno));
    ended = n == 0;
    done += static_cast<size_t>(n);
  }
  // After the reading: a change that came before it has left its mark by now.
  const auto info = InfoOfOpen(fd_);
  if (!info) return IoError("cannot be examined: " + Reason(errno));
  if (ended || info->size != size_ || info->modified != modified_) {
    return IoError(
        "was changed while it is in use; load it again, and replace such a file with mv, "
        "not by writing into it");
  }
  return OkStatus();
}

}  // namespace peel

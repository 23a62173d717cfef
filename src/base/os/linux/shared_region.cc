#include "src/base/os/shared_region.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include "src/base/checked.h"

namespace peel {
namespace {

constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
constexpr size_t kStep = size_t{1} << 20;

Status Failed(size_t bytes) {
  return OutOfMemory("no shared memory of " + std::to_string(bytes) + " bytes is to be had (" +
                     std::generic_category().message(errno) + ")");
}

}  // namespace

SharedRegion& SharedRegion::operator=(SharedRegion&& o) noexcept {
  if (this == &o) return *this;
  if (data_ != nullptr) munmap(data_, size_);
  fd_ = std::move(o.fd_);
  data_ = std::exchange(o.data_, nullptr);
  size_ = std::exchange(o.size_, 0);
  return *this;
}

SharedRegion::~SharedRegion() {
  if (data_ != nullptr) munmap(data_, size_);
}

Result<SharedRegion> SharedRegion::Create(size_t bytes) {
  const auto padded = CheckedAdd(bytes, kStep);
  if (!padded || *padded > static_cast<size_t>(INT64_MAX)) {
    errno = ENOMEM;
    return Failed(bytes);
  }
  SharedRegion region;
  region.size_ = *padded / kStep * kStep;
  region.fd_ = UniqueFd(memfd_create("peel", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!region.fd_ || ftruncate(region.fd(), static_cast<off_t>(region.size_)) != 0 ||
      fcntl(region.fd(), F_ADD_SEALS, kSeals) != 0) {
    return Failed(bytes);
  }
  PEEL_RETURN_IF_ERROR(region.MapAll());
#ifdef MADV_POPULATE_WRITE
  // All pages at once, not by a fault for each; older kernels do without.
  madvise(region.data_, bytes, MADV_POPULATE_WRITE);
#endif
  return region;
}

Result<SharedRegion> SharedRegion::Map(UniqueFd fd) {
  SharedRegion region;
  region.fd_ = std::move(fd);
  const int seals = fcntl(region.fd(), F_GET_SEALS);
  struct stat info = {};
  if (seals < 0 || (seals & kSeals) != kSeals || fstat(region.fd(), &info) != 0 ||
      info.st_size <= 0) {
    return Corrupt("this is no shared memory of a fixed size");
  }
  region.size_ = static_cast<size_t>(info.st_size);
  PEEL_RETURN_IF_ERROR(region.MapAll());
  return region;
}

Status SharedRegion::MapAll() {
  void* const at = mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_SHARED, fd_.get(), 0);
  if (at == MAP_FAILED) return Failed(size_);
  data_ = static_cast<uint8_t*>(at);
  return OkStatus();
}

}  // namespace peel

#include "src/base/os/descriptor.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace peel {
namespace {

bool IsNotNow(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

}  // namespace

ptrdiff_t ReadSome(int fd, void* buffer, size_t size) { return ReadSome(fd, buffer, size, -1); }

ptrdiff_t ReadSome(int fd, void* buffer, size_t size, int wake) {
  for (;;) {
    if (wake >= 0) {
      pollfd waiting[] = {{fd, POLLIN, 0}, {wake, POLLIN, 0}};
      if (poll(waiting, 2, -1) < 0) {
        if (errno == EINTR) continue;
        return -1;
      }
      if (waiting[1].revents != 0) {
        errno = ECANCELED;
        return -1;
      }
    }
    const ssize_t n = read(fd, buffer, size);
    if (n >= 0 || (errno != EINTR && !IsNotNow(errno))) return n;
    if (IsNotNow(errno) && wake < 0) {
      pollfd waiting = {fd, POLLIN, 0};
      poll(&waiting, 1, -1);
    }
  }
}

int WriteFully(int fd, std::span<const uint8_t> bytes, size_t* written) {
  size_t done = 0;
  int error = 0;
  while (done < bytes.size() && error == 0) {
    // Linux writes no more than 2 GiB at once.
    const size_t size = std::min(bytes.size() - done, size_t{1} << 30);
    const ssize_t n = write(fd, bytes.data() + done, size);
    if (n >= 0) {
      done += static_cast<size_t>(n);
    } else if (IsNotNow(errno)) {
      pollfd waiting = {fd, POLLOUT, 0};
      poll(&waiting, 1, -1);
    } else if (errno != EINTR) {
      error = errno;
    }
  }
  if (written != nullptr) *written = done;
  return error;
}

bool WaitReadable(int fd, int milliseconds) {
  pollfd waiting = {fd, POLLIN, 0};
  return poll(&waiting, 1, milliseconds) > 0;
}

bool WaitWritable(int fd, int milliseconds) {
  pollfd waiting = {fd, POLLOUT, 0};
  return poll(&waiting, 1, milliseconds) > 0;
}

void OpenStandardDescriptors() {
  constexpr int kModes[] = {O_WRONLY, O_RDONLY, O_WRONLY};
  for (int fd = 0; fd <= 2; ++fd) {
    if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF) continue;
    const int opened = open("/dev/null", kModes[fd]);  // the lowest that is free: fd
    if (opened >= 0 && opened != fd) {
      dup2(opened, fd);
      close(opened);
    }
  }
}

}  // namespace peel

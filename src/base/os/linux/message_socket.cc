#include "src/base/os/message_socket.h"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <system_error>

namespace peel {
namespace {

Status Failed(const char* what) {
  return IoError(std::string(what) + " (" + std::generic_category().message(errno) + ")");
}

// Room for one descriptor beside a message.
union Control {
  cmsghdr header;
  char bytes[CMSG_SPACE(sizeof(int))];
};

}  // namespace

Result<std::pair<MessageSocket, MessageSocket>> MessageSocket::Pair() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
    return Failed("no pair of sockets is to be had");
  }
  return std::pair(MessageSocket(UniqueFd(ends[0])), MessageSocket(UniqueFd(ends[1])));
}

bool MessageSocket::Is(int fd) {
  int type = 0;
  socklen_t size = sizeof(type);
  return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_SEQPACKET;
}

Status MessageSocket::Send(std::span<const uint8_t> message, int fd) {
  iovec part = {const_cast<uint8_t*>(message.data()), message.size()};
  msghdr header = {};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  Control control = {};
  if (fd >= 0) {
    header.msg_control = &control;
    header.msg_controllen = sizeof(control);
    cmsghdr* const first = CMSG_FIRSTHDR(&header);
    first->cmsg_level = SOL_SOCKET;
    first->cmsg_type = SCM_RIGHTS;
    first->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(first), &fd, sizeof(int));
  }
  for (;;) {
    const ssize_t sent = sendmsg(fd_.get(), &header, MSG_NOSIGNAL);
    if (sent >= 0) return OkStatus();
    if (errno != EINTR) return Failed("cannot send");
  }
}

Result<std::optional<std::vector<uint8_t>>> MessageSocket::Receive(int milliseconds, UniqueFd* fd) {
  pollfd waiting = {fd_.get(), POLLIN, 0};
  const int ready = poll(&waiting, 1, milliseconds);
  if (ready == 0 || (ready < 0 && errno == EINTR)) return std::optional<std::vector<uint8_t>>();
  if (ready < 0) return Failed("cannot wait");
  std::vector<uint8_t> message(kMaxMessage);
  iovec part = {message.data(), message.size()};
  msghdr header = {};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  Control control = {};
  if (fd != nullptr) {
    header.msg_control = &control;
    header.msg_controllen = sizeof(control);
  }
  ssize_t got = 0;
  do {
    got = recvmsg(fd_.get(), &header, MSG_CMSG_CLOEXEC);
  } while (got < 0 && errno == EINTR);
  if (got < 0) return Failed("cannot receive");
  if (fd != nullptr) {
    for (cmsghdr* at = CMSG_FIRSTHDR(&header); at != nullptr; at = CMSG_NXTHDR(&header, at)) {
      if (at->cmsg_level != SOL_SOCKET || at->cmsg_type != SCM_RIGHTS) continue;
      int came = -1;
      std::memcpy(&came, CMSG_DATA(at), sizeof(int));
      fd->Reset(came);
    }
  }
  if (got == 0) {
    // So an empty message looks as well as the end; nobody sends one in earnest.
    return IoError("the other end is gone");
  }
  if ((header.msg_flags & MSG_TRUNC) != 0) return Corrupt("a message is too long");
  message.resize(static_cast<size_t>(got));
  return std::optional(std::move(message));
}

}  // namespace peel

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "src/base/os/unique_fd.h"
#include "src/base/status.h"

namespace peel {

// One end of a connection between two processes that keeps messages apart and may carry a file
// descriptor with each (a Unix socket of kind SOCK_SEQPACKET).
class MessageSocket {
 public:
  static constexpr size_t kMaxMessage = 16384;

  MessageSocket() = default;
  explicit MessageSocket(UniqueFd fd) : fd_(std::move(fd)) {}

  // Both ends close on exec.
  static Result<std::pair<MessageSocket, MessageSocket>> Pair();

  // Whether a descriptor that was inherited is one.
  static bool Is(int fd);

  int fd() const { return fd_.get(); }

  // At most kMaxMessage bytes; `fd` travels along where it is one, and stays open here. kIo when
  // the other end is gone.
  Status Send(std::span<const uint8_t> message, int fd = -1);

  // The next message, nullopt when none has come within the time (milliseconds; -1: for ever). kIo
  // when the other end is gone, kCorrupt for a message that is empty or too long. Descriptors that
  // come along go to `fd`, or are dropped unseen where it is null.
  Result<std::optional<std::vector<uint8_t>>> Receive(int milliseconds, UniqueFd* fd = nullptr);

 private:
  UniqueFd fd_;
};

}  // namespace peel

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "src/base/os/message_socket.h"
#include "src/base/os/unique_fd.h"
#include "src/base/status.h"

namespace boost::asio {
class io_context;
}  // namespace boost::asio

namespace peel::server {

// One end of a conversation with another process, on the thread of a context.
class SocketWatch {
 public:
  using OnMessage = std::function<void(std::span<const uint8_t>, UniqueFd)>;
  // The other end is gone, or says what is no message (kCorrupt). Once; nothing after it.
  using OnEnd = std::function<void(const Status&)>;

  // Both may destroy the watch.
  SocketWatch(boost::asio::io_context& context, MessageSocket socket, OnMessage message, OnEnd end);
  ~SocketWatch();
  SocketWatch(const SocketWatch&) = delete;
  SocketWatch& operator=(const SocketWatch&) = delete;

  Status Send(const std::string& message, int fd = -1);
  // Tells what has come already and has not been told, without waiting.
  void ReadRest();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace peel::server

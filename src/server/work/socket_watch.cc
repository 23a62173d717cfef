#include "src/server/work/socket_watch.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <optional>
#include <utility>

namespace peel::server {

// Lives on in handlers that are under way when the watch is destroyed.
struct SocketWatch::State : std::enable_shared_from_this<SocketWatch::State> {
  State(boost::asio::io_context& context, MessageSocket own, OnMessage message, OnEnd end)
      : socket(std::move(own)),
        descriptor(context, socket.fd()),
        on_message(std::move(message)),
        on_end(std::move(end)) {}

  void Wait() {
    descriptor.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                          [self = shared_from_this()](const boost::system::error_code& error) {
                            if (error || self->closed) return;
                            self->Read();
                            if (!self->closed && !self->ended) self->Wait();
                          });
  }

  void Read() {
    while (!closed && !ended) {
      UniqueFd fd;
      auto received = socket.Receive(0, &fd);
      if (received.ok() && !received->has_value()) return;
      // Kept while they run: they may destroy the watch.
      const auto self = shared_from_this();
      if (received.ok()) {
        on_message(**received, std::move(fd));
      } else {
        ended = true;
        on_end(received.status());
      }
    }
  }

  void Close() {
    closed = true;
    descriptor.release();
    socket = {};
  }

  MessageSocket socket;
  boost::asio::posix::stream_descriptor descriptor;
  OnMessage on_message;
  OnEnd on_end;
  bool closed = false, ended = false;
};

SocketWatch::SocketWatch(boost::asio::io_context& context, MessageSocket socket, OnMessage message,
                         OnEnd end)
    : state_(
          std::make_shared<State>(context, std::move(socket), std::move(message), std::move(end))) {
  state_->Wait();
}

SocketWatch::~SocketWatch() { state_->Close(); }

Status SocketWatch::Send(const std::string& message, int fd) {
  return state_->socket.Send({reinterpret_cast<const uint8_t*>(message.data()), message.size()},
                             fd);
}

void SocketWatch::ReadRest() {
  const auto state = state_;
  state->Read();
}

}  // namespace peel::server

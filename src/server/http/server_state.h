#pragma once

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "src/server/http/handler.h"
#include "src/server/http/http_server.h"
#include "src/server/http/proxies.h"
#include "src/server/http/transport.h"

namespace peel::server {

class Connection;

// Who is at the other end of a connection.
struct Peer {
  std::string name;         // "127.0.0.1", "unix"
  std::string group;        // what the limit per peer counts: an address, of IPv6 its /64; "": none
  bool is_trusted = false;  // a proxy whose X-Forwarded-For counts
};

// What a server and its connections share. A connection may live a little longer than the server:
// it then finds it stopped and ends.
struct ServerState {
  using Acceptor = boost::asio::basic_socket_acceptor<boost::asio::generic::stream_protocol>;

  ServerState(boost::asio::io_context& where, HttpOptions how, Handler& what)
      : context(where),
        options(std::move(how)),
        handler(what),
        acceptor(where),
        accept_pause(where) {}

  Peer PeerOf(const boost::asio::generic::stream_protocol::endpoint& endpoint) const;
  // Whether one more of this peer may come; counts it where so.
  bool Enters(const Peer& peer);
  void Left(Connection* connection, const Peer& peer, bool is_surplus);
  void TellIfDrained();

  boost::asio::io_context& context;
  const HttpOptions options;
  Handler& handler;
  TrustedProxies proxies;
  TlsContext tls;
  Acceptor acceptor;
  boost::asio::steady_timer accept_pause;  // where there are no descriptors
  HttpServer::Counts counts;
  uint64_t body_bytes = 0;  // of all bodies that there are
  std::set<Connection*> connections;
  std::map<std::string, int> per_peer;
  int surplus = 0;  // connections beyond the limit, which are being told so
  bool is_stopped = false, is_draining = false;
  std::function<void()> on_drained;
  // Where all connections read to, one after the other: an idle one has no buffer. What is in it
  // counts until the reader waits again.
  std::vector<char> scratch = std::vector<char>(size_t{64} << 10);
};

// A request's part of them, which lives as long as its body.
class BodyShare {
 public:
  explicit BodyShare(std::shared_ptr<ServerState> state) : state_(std::move(state)) {}
  ~BodyShare() { state_->body_bytes -= bytes_; }
  BodyShare(const BodyShare&) = delete;
  BodyShare& operator=(const BodyShare&) = delete;

  // To this size; false where that is more than all may have together.
  bool Grow(uint64_t bytes) {
    if (bytes > bytes_ && state_->body_bytes + (bytes - bytes_) > state_->options.max_bodies) {
      return false;
    }
    state_->body_bytes += bytes - bytes_;
    bytes_ = bytes;
    return true;
  }

 private:
  std::shared_ptr<ServerState> state_;
  uint64_t bytes_ = 0;
};

}  // namespace peel::server

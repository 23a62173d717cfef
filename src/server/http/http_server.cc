#include "src/server/http/http_server.h"

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstring>
#include <exception>
#include <filesystem>
#include <utility>

#include "src/server/http/connection.h"
#include "src/server/http/server_state.h"

namespace peel::server {

namespace asio = boost::asio;
using asio::ip::tcp;
using Generic = asio::generic::stream_protocol;
using Error = boost::system::error_code;

Peer ServerState::PeerOf(const Generic::endpoint& endpoint) const {
  Peer peer;
  const int family = endpoint.protocol().family();
  if (family != tcp::v4().family() && family != tcp::v6().family()) {
    peer.name = "unix";
    peer.is_trusted = proxies.trusts_unix();
    return peer;
  }
  tcp::endpoint known;
  if (endpoint.size() > known.capacity()) return peer;
  std::memcpy(known.data(), endpoint.data(), endpoint.size());
  const asio::ip::address address = PlainAddress(known.address());
  peer.name = address.to_string();
  peer.is_trusted = proxies.Trusts(address);
  if (peer.is_trusted) return peer;
  // Whoever has IPv6 has 2^64 addresses at the least.
  peer.group = address.is_v4() ? peer.name
                               : asio::ip::network_v6(address.to_v6(), 64).canonical().to_string();
  return peer;
}

bool ServerState::Enters(const Peer& peer) {
  int& count = per_peer[peer.group];
  ++count;
  return peer.group.empty() || options.max_connections_per_peer <= 0 ||
         count <= options.max_connections_per_peer;
}

void ServerState::Left(Connection* connection, const Peer& peer, bool is_surplus) {
  connections.erase(connection);
  counts.connections = static_cast<int>(connections.size());
  if (is_surplus) --surplus;
  const auto count = per_peer.find(peer.group);
  if (count != per_peer.end() && --count->second == 0) per_peer.erase(count);
  if (is_stopped) return;
  accept_pause.cancel();  // there is a descriptor again
  TellIfDrained();
}

void ServerState::TellIfDrained() {
  if (!is_draining || !connections.empty() || !on_drained) return;
  asio::post(context, std::exchange(on_drained, {}));
}

namespace {

// Takes one connection in, or turns it away.
void Enter(const std::shared_ptr<ServerState>& server, Socket socket,
           const Generic::endpoint& endpoint) {
  Error error;
  socket.non_blocking(true, error);
  if (error) return;
  Peer peer = server->PeerOf(endpoint);
  if (peer.name != "unix") {
    Error ignored;
    socket.set_option(tcp::no_delay(true), ignored);
  }
  ++server->counts.accepted;
  const int most = std::max(server->options.max_connections, 1);
  bool is_surplus = static_cast<int>(server->connections.size()) - server->surplus >= most;
  if (!server->Enters(peer)) is_surplus = true;
  // A few more than the limit are told so; beyond those, closing is the answer.
  if (is_surplus && server->surplus >= std::clamp(most / 8, 8, 256)) {
    ++server->counts.refused;
    const auto count = server->per_peer.find(peer.group);
    if (--count->second == 0) server->per_peer.erase(count);
    return;
  }
  auto transport = server->tls ? MakeTlsTransport(std::move(socket), server->tls)
                               : std::make_unique<Transport>(std::move(socket));
  std::make_shared<Connection>(server, std::move(transport), std::move(peer), is_surplus)->Start();
  server->counts.connections = static_cast<int>(server->connections.size());
}

asio::awaitable<void> AcceptAll(std::shared_ptr<ServerState> server) {
  constexpr std::chrono::milliseconds kPause{50};
  while (!server->is_stopped && !server->is_draining) {
    Socket socket(server->context);
    Generic::endpoint endpoint;
    const auto [error] = co_await server->acceptor.async_accept(
        socket, endpoint, asio::as_tuple(asio::use_awaitable));
    if (server->is_stopped || server->is_draining) break;
    if (!error) {
      Enter(server, std::move(socket), endpoint);
      continue;
    }
    // No descriptors or no memory, most likely: whoever waits in the system's queue waits on, and
    // the next who goes makes room.
    ++server->counts.accept_failures;
    server->accept_pause.expires_after(kPause);
    co_await server->accept_pause.async_wait(asio::as_tuple(asio::use_awaitable));
  }
}

Status Open(ServerState& server, const Generic::endpoint& endpoint, bool is_v6_any,
            const std::string& name) {
  Error error;
  ServerState::Acceptor& acceptor = server.acceptor;
  acceptor.open(endpoint.protocol(), error);
  if (!error && endpoint.protocol().family() != asio::local::stream_protocol().family()) {
    acceptor.set_option(asio::socket_base::reuse_address(true), error);
  }
  // "::" takes IPv4 too.
  if (!error && is_v6_any) acceptor.set_option(asio::ip::v6_only(false), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (!error) return OkStatus();
  if (error == asio::error::address_in_use) {
    return IoError(name + ": already in use, by another server most likely; choose another");
  }
  if (error == asio::error::access_denied) {
    return IoError(name + ": not permitted; ports below 1024 are the system's");
  }
  return IoError(name + ": cannot listen: " + error.message());
}

Status OpenTcp(ServerState& server) {
  std::string host = server.options.address;
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  const std::string name = (host.find(':') != std::string::npos ? "[" + host + "]" : host) + ":" +
                           std::to_string(server.options.port);
  Error error;
  asio::ip::address address = asio::ip::make_address(host, error);
  if (error) {
    tcp::resolver resolver(server.context);
    const auto found = resolver.resolve(host, "", tcp::resolver::passive, error);
    if (error || found.empty()) {
      return IoError(name + ": no such address: " + (error ? error.message() : "no result"));
    }
    address = found.begin()->endpoint().address();
  }
  const bool is_v6_any = address.is_v6() && address.is_unspecified();
  return Open(server, tcp::endpoint(address, server.options.port), is_v6_any, name);
}

Status OpenUnix(ServerState& server) {
  namespace fs = std::filesystem;
  const std::string& path = server.options.unix_socket;
  constexpr size_t kMost = 107;  // what a socket's address has room for
  if (path.size() > kMost) {
    return InvalidArgument(path + ": a socket's path has at most " + std::to_string(kMost) +
                           " bytes");
  }
  std::error_code ignored;
  if (fs::is_socket(path, ignored)) {
    // Of a server that is there, or left by one that is no more.
    Error refused;
    asio::local::stream_protocol::socket probe(server.context);
    probe.connect(asio::local::stream_protocol::endpoint(path), refused);
    if (!refused) return IoError(path + ": already in use, by another server most likely");
    if (refused == asio::error::connection_refused) fs::remove(path, ignored);
  }
  return Open(server, asio::local::stream_protocol::endpoint(path), false, path);
}

class AsioServer final : public HttpServer {
 public:
  explicit AsioServer(std::shared_ptr<ServerState> state) : state_(std::move(state)) {}

  ~AsioServer() override {
    state_->is_stopped = true;
    state_->on_drained = {};
    try {
      StopAccepting();
      const std::vector<Connection*> all(state_->connections.begin(), state_->connections.end());
      for (Connection* connection : all) connection->Abort();
    } catch (const std::exception&) {
      // What cannot be closed now is closed with the context.
    }
  }

  Status Start() {
    if (!state_->options.certificate.empty() || !state_->options.key.empty()) {
      PEEL_RETURN_IF_ERROR(ReloadCertificates());
    }
    PEEL_RETURN_IF_ERROR(state_->options.unix_socket.empty() ? OpenTcp(*state_)
                                                             : OpenUnix(*state_));
    owns_path_ = !state_->options.unix_socket.empty();
    asio::co_spawn(state_->context, AcceptAll(state_), asio::detached);
    return OkStatus();
  }

  uint16_t port() const override {
    Error error;
    const Generic::endpoint endpoint = state_->acceptor.local_endpoint(error);
    tcp::endpoint known;
    if (error || owns_path_ || endpoint.size() > known.capacity()) return state_->options.port;
    std::memcpy(known.data(), endpoint.data(), endpoint.size());
    return known.port();
  }

  void Drain(std::function<void()> done) override {
    state_->is_draining = true;
    state_->on_drained = std::move(done);
    StopAccepting();
    const std::vector<Connection*> all(state_->connections.begin(), state_->connections.end());
    for (Connection* connection : all) connection->Drain();
    state_->TellIfDrained();
  }

  Status ReloadCertificates() override {
    const HttpOptions& options = state_->options;
    if (options.certificate.empty() && options.key.empty()) return OkStatus();
    if (options.certificate.empty() || options.key.empty()) {
      return InvalidArgument("TLS needs a certificate and its key, two files in PEM; one is given");
    }
    PEEL_ASSIGN_OR_RETURN(state_->tls, MakeTlsContext(options.certificate, options.key));
    return OkStatus();
  }

  Counts counts() const override { return state_->counts; }

 private:
  void StopAccepting() {
    Error ignored;
    state_->acceptor.close(ignored);
    state_->accept_pause.cancel();
    if (std::exchange(owns_path_, false)) {
      std::error_code unheeded;
      std::filesystem::remove(state_->options.unix_socket, unheeded);
    }
  }

  const std::shared_ptr<ServerState> state_;
  bool owns_path_ = false;
};

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::Listen(asio::io_context& context,
                                                       const HttpOptions& options,
                                                       Handler& handler) {
  auto state = std::make_shared<ServerState>(context, options, handler);
  PEEL_ASSIGN_OR_RETURN(state->proxies, TrustedProxies::Parse(options.trusted_proxies));
  auto server = std::make_unique<AsioServer>(std::move(state));
  PEEL_RETURN_IF_ERROR(server->Start());
  return std::unique_ptr<HttpServer>(std::move(server));
}

}  // namespace peel::server

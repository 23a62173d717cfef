#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "src/server/http/handler.h"

// Asio is behind this header, not in it, but for the context that the server's other parts run on.
namespace boost::asio {
class io_context;
}  // namespace boost::asio

namespace peel::server {

struct HttpOptions {
  std::string address =
      "127.0.0.1";            // an IPv4 or IPv6 address, a name that has one, "0.0.0.0", "::"
  uint16_t port = 7000;       // 0: any that is free
  std::string unix_socket{};  // a path: listen there instead
  std::string certificate{}, key{};  // PEM files: TLS 1.2 and later; "": none
  int max_connections = 4096;        // at a time; more are answered 503 and closed at once
  int max_connections_per_peer = 0;  // 0: no limit
  std::chrono::milliseconds head_time{10'000};  // for a request's head, slow-loris
  std::chrono::milliseconds idle_time{60'000};  // between two requests
  std::chrono::milliseconds send_time{60'000};  // without a byte of the answer going out
  size_t max_head = 16 << 10;                   // bytes of request line and headers: 431
  // Bytes of all bodies that there are at a time, whole or on their way: what comes beyond is 503.
  uint64_t max_bodies = uint64_t{512} << 20;
  // Addresses or networks whose X-Forwarded-For counts; "unix": whoever comes by the Unix socket.
  // Trusted proxies have no limit per peer.
  std::vector<std::string> trusted_proxies{};
};

// HTTP/1.0 and 1.1 over Beast: keep-alive, pipelining, chunked bodies, Expect: 100-continue, HEAD,
// one coroutine a connection, everything on the context's one thread.
class HttpServer {
 public:
  // Binds and listens. `handler` and `context` outlive it. kIo with the address and the reason
  // ("already in use"), kInvalidArgument for what cannot be meant: a certificate that is none, a
  // proxy's address that is none.
  static Result<std::unique_ptr<HttpServer>> Listen(boost::asio::io_context& context,
                                                    const HttpOptions& options, Handler& handler);
  virtual ~HttpServer() = default;

  virtual uint16_t port() const = 0;
  // Takes no new connections, ends idle ones, and answers what is under way with
  // "Connection: close". `done` is called when the last one has ended.
  virtual void Drain(std::function<void()> done) = 0;
  // New certificate files, for connections from now on. kIo, kInvalidArgument; the old ones stay.
  virtual Status ReloadCertificates() = 0;

  struct Counts {
    int connections = 0;  // now
    uint64_t accepted = 0, refused = 0, timed_out = 0, bytes_in = 0, bytes_out = 0;
    uint64_t accept_failures = 0;  // no descriptors, most likely: tried again a little later
  };
  virtual Counts counts() const = 0;
};

}  // namespace peel::server

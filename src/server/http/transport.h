#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "src/base/status.h"

// OpenSSL's, by name alone.
struct ssl_ctx_st;

namespace peel::server {

using Socket = boost::asio::generic::stream_protocol::socket;

// A connection's bytes, plain or through TLS. Nothing here waits: what cannot be done now says
// which way the socket must become ready first, so that a connection that waits holds no buffer.
class Transport {
 public:
  enum class Want {
    kNothing,  // done; `bytes` of it
    kRead,     // once the socket can be read
    kWrite,    // once the socket can be written
    kEnd,      // the other side has ended, or the connection is broken
    kPlain,    // of a handshake alone: the client speaks HTTP without TLS
  };
  struct Step {
    size_t bytes = 0;
    Want want = Want::kNothing;
  };

  explicit Transport(Socket socket) : socket_(std::move(socket)) {}
  virtual ~Transport() = default;

  virtual bool is_tls() const { return false; }
  virtual Step Handshake() { return {}; }
  virtual Step Read(boost::asio::mutable_buffer into);
  // Of the first and then the second text as much as goes.
  virtual Step Write(std::string_view first, std::string_view second);
  // Tells the other side that nothing more comes; reading still works.
  virtual void Finish();
  void Close();

  Socket& socket() { return socket_; }

 private:
  Socket socket_;
};

// What TLS connections share: certificate and key, TLS 1.2 and later, HTTP/1.1 alone by ALPN.
using TlsContext = std::shared_ptr<ssl_ctx_st>;
// PEM files. kNotFound or kInvalidArgument with the file and what is wrong with it.
Result<TlsContext> MakeTlsContext(const std::string& certificate, const std::string& key);

std::unique_ptr<Transport> MakeTlsTransport(Socket socket, const TlsContext& context);

}  // namespace peel::server

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <boost/asio/error.hpp>
#include <string>

#include "src/server/http/transport.h"

namespace peel::server {
namespace {

namespace asio = boost::asio;

// OpenSSL's way to the socket: Asio's own reads and writes, which raise no SIGPIPE and are the same
// on every system.
int ReadSocket(BIO* bio, char* into, int size) {
  BIO_clear_retry_flags(bio);
  boost::system::error_code error;
  auto* socket = static_cast<Socket*>(BIO_get_data(bio));
  const size_t bytes = socket->read_some(asio::buffer(into, static_cast<size_t>(size)), error);
  if (!error) return static_cast<int>(bytes);
  if (error == asio::error::would_block) BIO_set_retry_read(bio);
  return error == asio::error::eof ? 0 : -1;
}

int WriteSocket(BIO* bio, const char* from, int size) {
  BIO_clear_retry_flags(bio);
  boost::system::error_code error;
  auto* socket = static_cast<Socket*>(BIO_get_data(bio));
  const size_t bytes = socket->write_some(asio::buffer(from, static_cast<size_t>(size)), error);
  if (!error) return static_cast<int>(bytes);
  if (error == asio::error::would_block) BIO_set_retry_write(bio);
  return -1;
}

// NOLINTNEXTLINE(google-runtime-int): OpenSSL's own type
long ControlSocket(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

int CreateSocket(BIO* bio) {
  BIO_set_init(bio, 1);
  return 1;
}

const BIO_METHOD* SocketMethod() {
  static const BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket");
    if (made == nullptr) return made;
    BIO_meth_set_read(made, ReadSocket);
    BIO_meth_set_write(made, WriteSocket);
    BIO_meth_set_ctrl(made, ControlSocket);
    BIO_meth_set_create(made, CreateSocket);
    return made;
  }();
  return method;
}

class TlsTransport final : public Transport {
 public:
  TlsTransport(Socket socket, const TlsContext& context)
      : Transport(std::move(socket)), ssl_(SSL_new(context.get()), SSL_free) {
    BIO* bio = ssl_ ? BIO_new(SocketMethod()) : nullptr;
    if (bio == nullptr) {
      ssl_.reset();
      return;
    }
    BIO_set_data(bio, &this->socket());
    SSL_set_bio(ssl_.get(), bio, bio);
    SSL_set_accept_state(ssl_.get());
  }

  bool is_tls() const override { return true; }

  Step Handshake() override {
    if (!ssl_) return {.want = Want::kEnd};
    ERR_clear_error();
    const int result = SSL_do_handshake(ssl_.get());
    if (result == 1) {
      is_open_ = true;
      return {};
    }
    const bool is_http = ERR_GET_REASON(ERR_peek_error()) == SSL_R_HTTP_REQUEST;
    const Want want = WantOf(result);
    return {.want = want == Want::kEnd && is_http ? Want::kPlain : want};
  }

  Step Read(asio::mutable_buffer into) override {
    if (!is_open_) return Transport::Read(into);  // behind a refused plain request
    ERR_clear_error();
    size_t bytes = 0;
    const int result = SSL_read_ex(ssl_.get(), into.data(), into.size(), &bytes);
    if (result == 1) return {.bytes = bytes};
    return {.want = WantOf(result)};
  }

  Step Write(std::string_view first, std::string_view second) override {
    if (!is_open_) return Transport::Write(first, second);
    // One text a record or more. A write that could not be finished is tried again with the same
    // text, which is still the first that is not empty.
    const std::string_view text = first.empty() ? second : first;
    ERR_clear_error();
    size_t bytes = 0;
    const int result = SSL_write_ex(ssl_.get(), text.data(), text.size(), &bytes);
    if (result == 1) return {.bytes = bytes};
    return {.want = WantOf(result)};
  }

  void Finish() override {
    if (is_open_ && !is_broken_) {
      ERR_clear_error();
      SSL_shutdown(ssl_.get());
    }
    Transport::Finish();
  }

 private:
  Want WantOf(int result) {
    switch (SSL_get_error(ssl_.get(), result)) {
      case SSL_ERROR_WANT_READ:
        return Want::kRead;
      case SSL_ERROR_WANT_WRITE:
        return Want::kWrite;
      case SSL_ERROR_ZERO_RETURN:
        return Want::kEnd;
      default:
        is_broken_ = true;  // after which OpenSSL must not be asked to shut down
        return Want::kEnd;
    }
  }

  std::unique_ptr<SSL, void (*)(SSL*)> ssl_;
  bool is_open_ = false, is_broken_ = false;
};

// OpenSSL's last word on what went wrong.
std::string Reason() {
  const unsigned long code = ERR_peek_last_error();  // NOLINT(google-runtime-int)
  const char* text = ERR_reason_error_string(code);
  std::string reason = text != nullptr ? text : "unknown reason";
  ERR_clear_error();
  return reason;
}

// HTTP/1.1 where the client offers it; who offers nothing that is here is told so by TLS.
int ChooseProtocol(SSL*, const unsigned char** chosen, unsigned char* size,
                   const unsigned char* offered, unsigned int offered_size, void*) {
  static constexpr unsigned char kOurs[] = "\x08http/1.1\x08http/1.0";
  unsigned char* found = nullptr;
  if (SSL_select_next_proto(&found, size, kOurs, sizeof(kOurs) - 1, offered, offered_size) !=
      OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  *chosen = found;
  return SSL_TLSEXT_ERR_OK;
}

}  // namespace

Result<TlsContext> MakeTlsContext(const std::string& certificate, const std::string& key) {
  ERR_clear_error();
  TlsContext context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  if (!context) return Internal("TLS cannot be used: " + Reason());
  SSL_CTX* const raw = context.get();
  // By RFC 9325: forward secrecy and authenticated encryption alone.
  if (SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION) != 1 ||
      SSL_CTX_set_cipher_list(raw, "ECDHE+AESGCM:ECDHE+CHACHA20") != 1) {
    return Internal("TLS cannot be set up: " + Reason());
  }
  SSL_CTX_set_options(raw, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                               SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(raw, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                            SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);  // tickets resume without memory here
  SSL_CTX_set_alpn_select_cb(raw, ChooseProtocol, nullptr);
  // A key with a password is an error, not a question on the terminal.
  SSL_CTX_set_default_passwd_cb(raw, [](char*, int, int, void*) { return 0; });
  if (SSL_CTX_use_certificate_chain_file(raw, certificate.c_str()) != 1) {
    return InvalidArgument(certificate +
                           ": no certificate in PEM can be read from it: " + Reason());
  }
  if (SSL_CTX_use_PrivateKey_file(raw, key.c_str(), SSL_FILETYPE_PEM) != 1) {
    return InvalidArgument(key +
                           ": no private key in PEM without a password can be read from it, or it "
                           "is of another certificate than " +
                           certificate + ": " + Reason());
  }
  if (SSL_CTX_check_private_key(raw) != 1) {
    return InvalidArgument(key + ": is not the key of " + certificate + ": " + Reason());
  }
  return context;
}

std::unique_ptr<Transport> MakeTlsTransport(Socket socket, const TlsContext& context) {
  return std::make_unique<TlsTransport>(std::move(socket), context);
}

}  // namespace peel::server

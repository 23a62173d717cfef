#pragma once

#include <openssl/ssl.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace peel::server {

// What a server of a test's own answers to one request, byte for byte.
struct TestAnswer {
  std::string bytes;
  enum class Then {
    kClose,   // properly, over TLS with its farewell
    kCut,     // over TLS without that
    kHold,    // says nothing more until the client goes
    kRepeat,  // the bytes of `more`, again and again
  };
  Then then = Then::kClose;
  std::string more{};
};

// A server on loopback, on the test's own thread and context, which must end before it.
class TestServer {
 public:
  using Handler = std::function<TestAnswer(const std::string& request)>;

  TestServer(boost::asio::io_context& context, Handler handler,
             boost::asio::ssl::context* tls = nullptr)
      : acceptor_(context, {boost::asio::ip::address_v4::loopback(), 0}),
        handler_(std::move(handler)),
        tls_(tls) {
    boost::asio::co_spawn(context, Accept(), boost::asio::detached);
  }

  std::string port() const { return std::to_string(acceptor_.local_endpoint().port()); }
  const std::vector<std::string>& requests() const { return requests_; }  // heads
  const std::string& server_name() const { return server_name_; }         // by SNI
  int gone() const { return gone_; }  // clients that went before the answer was over

 private:
  using Socket = boost::asio::ip::tcp::socket;
  static constexpr auto kAwait = boost::asio::as_tuple(boost::asio::use_awaitable);

  boost::asio::awaitable<void> Accept() {
    for (;;) {
      Socket socket(acceptor_.get_executor());
      const auto accepted = co_await acceptor_.async_accept(socket, kAwait);
      if (std::get<0>(accepted)) co_return;
      boost::asio::co_spawn(acceptor_.get_executor(), Serve(std::move(socket)),
                            boost::asio::detached);
    }
  }

  boost::asio::awaitable<void> Serve(Socket socket) {
    if (tls_ == nullptr) {
      co_await Answer(socket);
      co_return;
    }
    boost::asio::ssl::stream<Socket> stream(std::move(socket), *tls_);
    const auto shaken =
        co_await stream.async_handshake(boost::asio::ssl::stream_base::server, kAwait);
    if (std::get<0>(shaken)) co_return;
    if (const char* name = SSL_get_servername(stream.native_handle(), TLSEXT_NAMETYPE_host_name)) {
      server_name_ = name;
    }
    const bool is_cut = co_await Answer(stream);
    if (!is_cut) (void)co_await stream.async_shutdown(kAwait);
  }

  template <typename Stream>
  boost::asio::awaitable<bool> Answer(Stream& stream) {
    std::string request;
    const auto read = co_await boost::asio::async_read_until(
        stream, boost::asio::dynamic_buffer(request), "\r\n\r\n", kAwait);
    if (std::get<0>(read)) co_return true;
    requests_.push_back(request);
    const TestAnswer answer = handler_(request);
    auto wrote =
        co_await boost::asio::async_write(stream, boost::asio::buffer(answer.bytes), kAwait);
    while (answer.then == TestAnswer::Then::kRepeat && !std::get<0>(wrote)) {
      wrote = co_await boost::asio::async_write(stream, boost::asio::buffer(answer.more), kAwait);
    }
    if (answer.then == TestAnswer::Then::kHold) {
      const auto end = co_await boost::asio::async_read_until(
          stream, boost::asio::dynamic_buffer(request), "never", kAwait);
      if (std::get<0>(end)) ++gone_;
    }
    if (std::get<0>(wrote)) ++gone_;
    co_return answer.then != TestAnswer::Then::kClose;
  }

  boost::asio::ip::tcp::acceptor acceptor_;
  const Handler handler_;
  boost::asio::ssl::context* const tls_;
  std::vector<std::string> requests_;
  std::string server_name_;
  int gone_ = 0;
};

}  // namespace peel::server

#pragma once

#include <gtest/gtest.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "src/server/http/http_server.h"
#include "src/server/http/text.h"

// A real server on loopback, in a thread of its own, and a client that says just what a test wants.
namespace peel::server {

// However slow the machine is, what waits for longer waits for ever.
constexpr std::chrono::seconds kTestLimit{120};

// Whether it holds once in many tries: for what has a short time limit on both sides, of which a
// machine that is busy may break the one that is not meant.
template <typename F>
bool Eventually(F holds) {
  for (int i = 0; i < 100; ++i) {
    if (holds()) return true;
  }
  return false;
}

// What the test says, or an echo: "METHOD path body-size".
class TestHandler final : public Handler {
 public:
  std::function<std::optional<Response>(const Request&, BodyLimits&)> admit;
  std::function<void(std::shared_ptr<Exchange>)> handle = [](const auto& exchange) {
    const Request& request = exchange->request();
    Response response;
    response.text = request.method + " " + request.path + " " + std::to_string(request.body.size());
    exchange->Reply(std::move(response));
  };

  std::optional<Response> Admit(Request& request, BodyLimits& limits) override {
    return admit ? admit(request, limits) : std::nullopt;
  }
  void Handle(std::shared_ptr<Exchange> exchange) override { handle(std::move(exchange)); }
  Response Refuse(const Request& request, int status, const std::string& why) override {
    Response response;
    response.status = status;
    response.text = "refused " + request.path + ": " + why;
    return response;
  }
};

class TestServer {
 public:
  explicit TestServer(HttpOptions options = {}) {
    options.port = 0;
    auto listening = HttpServer::Listen(context_, options, handler);
    if (!listening.ok()) {
      error = listening.status().message();
      return;
    }
    server_ = *std::move(listening);
    port = server_->port();
  }
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;

  void Start() {
    thread_ = std::thread([this] { context_.run(); });
  }
  // In the server's thread.
  template <typename F>
  auto Run(F what) {
    std::packaged_task<decltype(what())()> task(std::move(what));
    auto result = task.get_future();
    boost::asio::post(context_, [&] { task(); });
    return result.get();
  }
  // The server ends with its thread, as in the program.
  ~TestServer() {
    if (!thread_.joinable()) return;
    Run([&] { server_.reset(); });
    work_.reset();
    thread_.join();
  }
  HttpServer::Counts counts() {
    return Run([&] { return server_->counts(); });
  }
  // Waits until it holds of the counts.
  template <typename F>
  bool Await(F holds) {
    const auto end = std::chrono::steady_clock::now() + kTestLimit;
    while (!holds(counts())) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return true;
  }
  HttpServer& server() { return *server_; }
  boost::asio::io_context& context() { return context_; }

  TestHandler handler;
  std::string error;  // of listening
  uint16_t port = 0;

 private:
  boost::asio::io_context context_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{
      context_.get_executor()};
  std::unique_ptr<HttpServer> server_;
  std::thread thread_;
};

struct TestAnswer {
  int status = 0;
  std::string line;
  Fields headers{Fields::Case::kIgnored};
  std::string body;
};

// Throws std::runtime_error where the limit is over; all else is told by what comes.
class TestClient {
 public:
  explicit TestClient(uint16_t port, const std::string& address = "127.0.0.1") {
    boost::asio::ip::tcp::endpoint endpoint(boost::asio::ip::make_address(address), port);
    socket_.connect(endpoint);
    socket_.set_option(boost::asio::ip::tcp::no_delay(true));
  }
  explicit TestClient(const std::string& path) {
    socket_.connect(boost::asio::local::stream_protocol::endpoint(path));
  }

  // False where the server takes no more.
  bool Send(std::string_view bytes) {
    boost::system::error_code result;
    Wait([&](auto done) {
      boost::asio::async_write(socket_, boost::asio::buffer(bytes), [&, done](auto error, size_t) {
        result = error;
        done();
      });
    });
    return !result;
  }

  // Of what is there or comes; "" at the end. A reset is told by was_reset.
  bool Fill() {
    char buffer[65536];
    size_t size = 0;
    boost::system::error_code result;
    Wait([&](auto done) {
      socket_.async_read_some(boost::asio::buffer(buffer), [&, done](auto error, size_t bytes) {
        result = error;
        size = bytes;
        done();
      });
    });
    if (result && result != boost::asio::error::eof) was_reset = true;
    in_.append(buffer, size);
    return !result;
  }

  // To and with `text`; what there was where the connection ends before it.
  std::string ReadTo(std::string_view text) {
    while (in_.find(text) == std::string::npos) {
      if (!Fill()) return std::exchange(in_, {});
    }
    return Take(in_.find(text) + text.size());
  }
  std::string ReadToEnd() {
    while (Fill()) {
    }
    return std::exchange(in_, {});
  }
  bool IsClosed() { return in_.empty() && !Fill(); }

  // The next answer, its body by Content-Length, chunked, or to the end; status 0: there is none.
  TestAnswer Read(bool has_body = true) {
    TestAnswer answer;
    const std::string head = ReadTo("\r\n\r\n");
    size_t at = head.find("\r\n");
    if (at == std::string::npos || head.size() < 12) return answer;
    answer.line = head.substr(0, at);
    answer.status = std::atoi(head.substr(9, 3).c_str());
    for (at += 2; at + 2 < head.size();) {
      const size_t end = head.find("\r\n", at), colon = head.find(": ", at);
      answer.headers.Add(head.substr(at, colon - at), head.substr(colon + 2, end - colon - 2));
      at = end + 2;
    }
    if (!has_body || answer.status == 100 || answer.status == 204) return answer;
    if (answer.headers.Get("Transfer-Encoding") == "chunked") {
      while (true) {
        const size_t size = std::stoul(ReadTo("\r\n"), nullptr, 16);
        const std::string chunk = ReadSize(size + 2);
        answer.body += chunk.substr(0, size);
        if (size == 0) return answer;
      }
    }
    if (answer.headers.Has("Content-Length")) {
      answer.body = ReadSize(std::stoul(std::string(answer.headers.Get("Content-Length"))));
    } else {
      answer.body = ReadToEnd();
    }
    return answer;
  }
  TestAnswer Ask(std::string_view request, bool has_body = true) {
    Send(request);
    return Read(has_body);
  }

  void Close() { socket_.close(); }
  void EndSending() { socket_.shutdown(boost::asio::socket_base::shutdown_send); }
  boost::asio::generic::stream_protocol::socket& socket() { return socket_; }

  bool was_reset = false;

 private:
  template <typename F>
  void Wait(F start) {
    bool is_done = false;
    context_.restart();
    start([&] { is_done = true; });
    context_.run_for(kTestLimit);
    if (!is_done) throw std::runtime_error("the server neither answers nor ends");
  }
  std::string Take(size_t size) {
    std::string text = in_.substr(0, size);
    in_.erase(0, size);
    return text;
  }
  std::string ReadSize(size_t size) {
    while (in_.size() < size && Fill()) {
    }
    return Take(size);
  }

  boost::asio::io_context context_;
  boost::asio::generic::stream_protocol::socket socket_{context_};
  std::string in_;
};

}  // namespace peel::server

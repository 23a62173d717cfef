#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "src/server/http/head.h"
#include "src/server/http/request_parser.h"
#include "src/server/http/server_state.h"

namespace peel::server {

class LiveExchange;
struct Answer;

// One client's connection, from its handshake to its end: reads a request, has it answered, sends
// the answer, and again. One coroutine, which waits in one place alone, Sleep(): for the deadline
// of what it does, or to be woken as the socket is ready, the answer is there, or the server ends.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  // `is_surplus`: beyond a limit; is told so and ends.
  Connection(std::shared_ptr<ServerState> server, std::unique_ptr<Transport> transport, Peer peer,
             bool is_surplus);
  ~Connection();

  void Start();
  // The server drains: ends at once where no request is under way.
  void Drain();
  // The server is gone.
  void Abort();
  void Wake();

 private:
  template <typename T>
  using Awaitable = boost::asio::awaitable<T>;
  using Clock = std::chrono::steady_clock;
  enum class Phase { kHandshake, kIdle, kReading, kWorking, kSending, kLingering };
  enum class Input { kMore, kEnd, kTimeout };
  enum class Next { kAgain, kLinger, kClose };
  // What an answer needs to know of its request.
  struct Asked {
    int version = 11;
    bool is_head = false, keep_alive = false;
    std::string id, traceparent;
  };

  // connection.cc: the course of things.
  Awaitable<void> Run();
  Awaitable<bool> Handshake();
  Awaitable<Next> ServeOne();
  Awaitable<Next> Work(std::shared_ptr<LiveExchange> exchange, std::shared_ptr<Answer> answer,
                       Asked asked);
  // `has_unread`: of the request's body; the connection then cannot go on.
  Awaitable<Next> Finish(Response response, Asked asked, bool has_unread);
  Awaitable<bool> AwaitAnswer(std::shared_ptr<Answer> answer);
  // Refuses with Handler::Refuse's answer, which ends the connection.
  Awaitable<Next> Refuse(Request request, Asked asked, Refusal refusal);
  Request Describe(RequestParser& parser, Refusal& refusal);
  Request Guess() const;

  // connection_read.cc
  // Where the head ends in in_; 0: `refusal`, or where that has no status the client has gone.
  Awaitable<size_t> ReadHead(Refusal& refusal);
  // To the body's end. False: as above.
  Awaitable<bool> ReadBody(RequestParser& parser, BodyLimits limits, BodyShare& share,
                           Refusal& refusal);
  bool Feed(RequestParser& parser, std::string_view bytes, Refusal& refusal);
  Awaitable<Input> ReadMore();  // into fresh_
  // Reads what the client sends while its request is at work. False: it has gone.
  bool ReadAhead();
  Awaitable<void> Linger();

  // connection_write.cc: false where the client has gone or takes nothing.
  Awaitable<bool> SendAnswer(Response& response, const Asked& asked, bool keep_alive);
  Awaitable<bool> SendStream(Response& response, bool is_chunked);
  Awaitable<bool> Send(std::string_view first, std::string_view second);

  Awaitable<void> Sleep();
  Awaitable<void> LetOthers();
  bool IsOver() const { return Clock::now() >= deadline_; }
  void SetDeadline(std::chrono::milliseconds from_now) { deadline_ = Clock::now() + from_now; }
  void NoDeadline() { deadline_ = Clock::time_point::max(); }
  void WaitFor(Transport::Want want);

  const std::shared_ptr<ServerState> server_;
  const std::unique_ptr<Transport> transport_;
  const Peer peer_;
  const bool is_surplus_;
  boost::asio::steady_timer timer_;
  Clock::time_point deadline_ = Clock::time_point::max();
  Phase phase_ = Phase::kHandshake;
  bool is_first_ = true;   // no request has come yet
  bool is_ended_ = false;  // to be closed without a word
  bool waits_to_read_ = false, waits_to_write_ = false;
  uint64_t without_wait_ = 0;  // bytes since others had their turn
  std::string in_;             // what has come and is not read yet
  std::string_view fresh_;     // in the server's scratch
};

}  // namespace peel::server

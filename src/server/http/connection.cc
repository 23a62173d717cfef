#include "src/server/http/connection.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/error.hpp>
#include <exception>
#include <utility>

#include "src/server/http/exchange.h"
#include "src/server/http/text.h"
#include "src/server/http/trace.h"
#include "src/server/http/url.h"

namespace peel::server {

namespace asio = boost::asio;
constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);

Connection::Connection(std::shared_ptr<ServerState> server, std::unique_ptr<Transport> transport,
                       Peer peer, bool is_surplus)
    : server_(std::move(server)),
      transport_(std::move(transport)),
      peer_(std::move(peer)),
      is_surplus_(is_surplus),
      timer_(server_->context) {}

Connection::~Connection() = default;

void Connection::Start() {
  server_->connections.insert(this);
  if (is_surplus_) ++server_->surplus;
  asio::co_spawn(
      server_->context, [self = shared_from_this()] { return self->Run(); }, asio::detached);
}

void Connection::Drain() {
  if (phase_ == Phase::kHandshake || (phase_ == Phase::kIdle && in_.empty())) is_ended_ = true;
  Wake();
}

void Connection::Abort() {
  is_ended_ = true;
  transport_->Close();
  Wake();
}

void Connection::Wake() { timer_.cancel(); }

Connection::Awaitable<void> Connection::Sleep() {
  timer_.expires_at(deadline_);
  without_wait_ = 0;
  co_await timer_.async_wait(kAwait);
}

// Who sends or takes without a pause must not have the thread for itself.
Connection::Awaitable<void> Connection::LetOthers() {
  constexpr uint64_t kTurn = 1 << 20;
  if (without_wait_ < kTurn) co_return;
  without_wait_ = 0;
  co_await asio::post(server_->context, asio::use_awaitable);
}

void Connection::WaitFor(Transport::Want want) {
  const bool to_read = want == Transport::Want::kRead;
  bool& waits = to_read ? waits_to_read_ : waits_to_write_;
  if (waits || is_ended_) return;
  waits = true;
  transport_->socket().async_wait(to_read ? Socket::wait_read : Socket::wait_write,
                                  [self = shared_from_this(), &waits](const auto&) {
                                    waits = false;
                                    self->Wake();
                                  });
}

Connection::Awaitable<void> Connection::Run() {
  struct Leave {
    Connection& connection;
    ~Leave() {
      connection.is_ended_ = true;
      connection.transport_->Close();
      connection.server_->Left(&connection, connection.peer_, connection.is_surplus_);
    }
  };
  const Leave leave{*this};
  Next next = Next::kClose;
  try {
    const bool is_open = co_await Handshake();
    if (is_open) {
      do {
        next = co_await ServeOne();
      } while (next == Next::kAgain && !is_ended_);
    }
    if (next == Next::kLinger) co_await Linger();
  } catch (const std::exception&) {
    // No memory for a body: this connection ends, the others do not notice.
  }
}

Connection::Awaitable<bool> Connection::Handshake() {
  SetDeadline(server_->options.head_time);
  while (!is_ended_) {
    const Transport::Step step = transport_->Handshake();
    if (step.want == Transport::Want::kNothing) co_return true;
    if (step.want == Transport::Want::kPlain) {
      constexpr std::string_view kSorry =
          "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 55\r\n"
          "Connection: close\r\n\r\nThis port speaks TLS: use https:// in place of http://.";
      const bool is_sent = co_await Send(kSorry, {});
      if (is_sent) co_await Linger();
      co_return false;
    }
    if (step.want == Transport::Want::kEnd) co_return false;
    WaitFor(step.want);
    if (IsOver()) {
      ++server_->counts.timed_out;
      co_return false;
    }
    co_await Sleep();
  }
  co_return false;
}

Connection::Awaitable<Connection::Next> Connection::ServeOne() {
  Refusal refusal{.status = 0, .why = {}};
  const size_t end = co_await ReadHead(refusal);
  Asked asked;
  asked.id = RandomHex(8);
  asked.traceparent = Traceparent({});
  if (end == 0) {
    if (refusal.status == 0) co_return Next::kClose;
    Request guess = Guess();
    const Next next = co_await Refuse(std::move(guess), asked, refusal);
    co_return next;
  }
  is_first_ = false;
  auto parser = std::make_unique<RequestParser>();
  if (const auto unsound = CheckHead(std::string_view{in_}.substr(0, end))) refusal = *unsound;
  if (refusal.status == 0) {
    RequestParser::Error error;
    const size_t used = parser->put(asio::buffer(in_.data(), end), error);
    if (error || used != end || !parser->is_header_done()) {
      refusal = {400, "the request's head cannot be read: " + error.message()};
    }
  }
  if (refusal.status != 0) {
    Request guess = Guess();
    const Next next = co_await Refuse(std::move(guess), asked, refusal);
    co_return next;
  }
  in_.erase(0, end);
  Request request = Describe(*parser, refusal);
  asked = {.version = parser->version,
           .is_head = request.method == "HEAD",
           .keep_alive = parser->keep_alive(),
           .id = request.id,
           .traceparent = request.traceparent};
  const auto length = parser->content_length();
  const bool has_body = !parser->is_done();
  BodyLimits limits;
  std::optional<Response> answer;
  if (refusal.status == 0 && is_surplus_) {
    refusal = {503, "too many connections; try again in a moment"};
  }
  if (refusal.status == 0) {
    answer = server_->handler.Admit(request, limits);
    if (!answer && length && *length > limits.max_bytes) {
      refusal = {413, "the request's body has " + std::to_string(*length) +
                          " bytes; this server takes at most " + std::to_string(limits.max_bytes)};
    }
  }
  if (refusal.status != 0) {
    const Next next = co_await Refuse(std::move(request), asked, refusal);
    co_return next;
  }
  if (answer) {
    const Next next = co_await Finish(*std::move(answer), std::move(asked), has_body);
    co_return next;
  }
  if (has_body) {
    if (asked.version == 11 && request.headers.Has("Expect") && in_.empty()) {
      const bool is_sent = co_await Send("HTTP/1.1 100 Continue\r\n\r\n", {});
      if (!is_sent) co_return Next::kClose;
    }
    auto share = std::make_shared<BodyShare>(server_);
    const bool is_whole = co_await ReadBody(*parser, limits, *share, refusal);
    if (!is_whole) {
      if (refusal.status == 0) co_return Next::kClose;
      const Next next = co_await Refuse(std::move(request), asked, refusal);
      co_return next;
    }
    request.body = std::move(parser->body);
    request.share = std::move(share);
  }
  parser.reset();
  if (server_->is_stopped) co_return Next::kClose;
  auto meeting = std::make_shared<Answer>();
  meeting->connection = weak_from_this();
  auto exchange = std::make_shared<LiveExchange>(std::move(request), meeting, server_->context);
  const Next next = co_await Work(std::move(exchange), std::move(meeting), std::move(asked));
  co_return next;
}

Connection::Awaitable<Connection::Next> Connection::Work(std::shared_ptr<LiveExchange> exchange,
                                                         std::shared_ptr<Answer> answer,
                                                         Asked asked) {
  phase_ = Phase::kWorking;
  // What a refusal's form depends on, should the handler let the exchange go.
  Request about;
  about.method = exchange->request().method;
  about.path = exchange->request().path;
  about.peer = exchange->request().peer;
  about.id = asked.id;
  about.traceparent = asked.traceparent;
  server_->handler.Handle(std::move(exchange));
  const bool is_there = co_await AwaitAnswer(answer);
  if (!is_there) co_return Next::kClose;
  if (!answer->response) {
    Refusal refusal{500, "the request was given up; this is a bug in Peel"};
    const Next next = co_await Refuse(std::move(about), asked, refusal);
    co_return next;
  }
  Response response = *std::move(answer->response);
  answer.reset();
  const Next next = co_await Finish(std::move(response), std::move(asked), false);
  co_return next;
}

Connection::Awaitable<Connection::Next> Connection::Finish(Response response, Asked asked,
                                                           bool has_unread) {
  const bool streams_to_end = response.stream && asked.version == 10;
  const bool keep_alive = asked.keep_alive && !has_unread && !response.close && !streams_to_end &&
                          !server_->is_draining;
  const bool is_sent = co_await SendAnswer(response, asked, keep_alive);
  if (!is_sent) co_return Next::kClose;
  co_return keep_alive ? Next::kAgain : Next::kLinger;
}

Connection::Awaitable<bool> Connection::AwaitAnswer(std::shared_ptr<Answer> answer) {
  NoDeadline();
  while (!answer->response && !answer->is_dropped) {
    const bool is_there = !is_ended_ && ReadAhead();
    if (!is_there) {
      answer->is_settled = answer->is_gone = true;
      const auto callbacks = std::exchange(answer->on_gone, {});
      if (!server_->is_stopped) {
        for (const auto& gone : callbacks) gone();
      }
      co_return false;
    }
    co_await Sleep();
  }
  co_return !is_ended_;
}

Connection::Awaitable<Connection::Next> Connection::Refuse(Request request, Asked asked,
                                                           Refusal refusal) {
  if (server_->is_stopped) co_return Next::kClose;
  ++server_->counts.refused;
  request.id = asked.id;
  request.traceparent = asked.traceparent;
  Response response = server_->handler.Refuse(request, refusal.status, refusal.why);
  const bool is_sent = co_await SendAnswer(response, asked, false);
  co_return is_sent ? Next::kLinger : Next::kClose;
}

Request Connection::Describe(RequestParser& parser, Refusal& refusal) {
  Request request;
  request.method = parser.method;
  request.headers = std::move(parser.headers);
  request.is_tls = transport_->is_tls();
  request.peer =
      peer_.is_trusted ? server_->proxies.Client(peer_.name, request.headers) : peer_.name;
  request.id = RequestId(request.headers.Get("X-Request-ID"));
  request.traceparent = Traceparent(request.headers.Get("traceparent"));
  auto target = ParseTarget(parser.target);
  if (!target.ok()) {
    refusal = {400, target.status().message()};
    // Where it is the query that is wrong, the path still says whose form the error should have.
    auto path = ParseTarget(parser.target.substr(0, parser.target.find('?')));
    if (path.ok()) request.path = std::move(path->path);
    return request;
  }
  request.path = std::move(target->path);
  request.query = std::move(target->query);
  if (const std::string* expect = request.headers.Find("Expect");
      expect != nullptr && parser.version == 11 && !EqualIgnoringCase(*expect, "100-continue")) {
    refusal = {417, "Expect " + Quoted(*expect) + " is not known; there is 100-continue"};
  } else if (parser.version == 10 && !parser.content_length() &&
             (request.method == "POST" || request.method == "PUT" || request.method == "PATCH")) {
    refusal = {411, "a body in HTTP/1.0 needs a Content-Length"};
  }
  return request;
}

// Of a head that is not whole or not sound: whose form an error should have, where that can be
// known.
Request Connection::Guess() const {
  Request request;
  request.peer = peer_.name;
  request.is_tls = transport_->is_tls();
  const std::string_view line = std::string_view{in_}.substr(0, in_.find_first_of("\r\n"));
  const size_t space = line.find(' ');
  if (space == std::string_view::npos || !IsToken(line.substr(0, space))) return request;
  const std::string_view rest = line.substr(space + 1);
  auto target = ParseTarget(rest.substr(0, rest.find_first_of(" ?")));
  if (!target.ok()) return request;
  request.method = line.substr(0, space);
  request.path = std::move(target->path);
  return request;
}

}  // namespace peel::server

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <utility>

#include "src/server/http/connection.h"

namespace peel::server {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using std::chrono::milliseconds;

namespace {

Refusal NoRoom() {
  return {503,
          "the requests that are on their way fill this server's memory; try again in a moment"};
}

}  // namespace

Connection::Awaitable<Connection::Input> Connection::ReadMore() {
  co_await LetOthers();
  while (!is_ended_ && !server_->is_stopped) {
    const Transport::Step step = transport_->Read(asio::buffer(server_->scratch));
    if (step.bytes > 0) {
      server_->counts.bytes_in += step.bytes;
      without_wait_ += step.bytes;
      fresh_ = std::string_view(server_->scratch.data(), step.bytes);
      co_return Input::kMore;
    }
    if (step.want == Transport::Want::kEnd) co_return Input::kEnd;
    WaitFor(step.want);
    if (IsOver()) co_return Input::kTimeout;
    co_await Sleep();
  }
  co_return Input::kEnd;
}

Connection::Awaitable<size_t> Connection::ReadHead(Refusal& refusal) {
  const HttpOptions& options = server_->options;
  // Beyond it a server that has less room for its request line says so; half of the head is left
  // for the headers.
  const size_t max_line = options.max_head / 2;
  constexpr milliseconds kSurplusTime{2'000};
  const milliseconds head_time =
      is_surplus_ ? std::min(kSurplusTime, options.head_time) : options.head_time;
  phase_ = Phase::kIdle;
  if (in_.empty()) std::string().swap(in_);  // an idle connection keeps no memory
  SetDeadline(is_first_ ? head_time : options.idle_time);
  // Drain() has been, while the last answer went out.
  if (server_->is_draining && in_.empty()) co_return 0;
  for (size_t from = 0;;) {
    // Some clients end a body with a line of its own.
    size_t empty = 0;
    while (std::string_view{in_}.substr(empty).starts_with("\r\n")) empty += 2;
    in_.erase(0, empty);
    if (!in_.empty() && in_ != "\r" && phase_ == Phase::kIdle) {
      phase_ = Phase::kReading;
      if (!is_first_) SetDeadline(head_time);
    }
    const size_t end = FindHeadEnd(in_, from);
    const size_t line = std::min(in_.find('\n'), in_.size());
    if (line > max_line) {
      refusal = {414, "the request line is longer than " + std::to_string(max_line) +
                          " bytes; send options in the body"};
      co_return 0;
    }
    if (end > options.max_head || (end == 0 && in_.size() > options.max_head)) {
      refusal = {431, "the request's headers are longer than " + std::to_string(options.max_head) +
                          " bytes"};
      co_return 0;
    }
    if (end > 0) co_return end;
    // Even where there always is a little more to read, the time ends.
    Input input = Input::kTimeout;
    if (!IsOver()) input = co_await ReadMore();
    if (input == Input::kTimeout) ++server_->counts.timed_out;
    if (input == Input::kTimeout && phase_ == Phase::kReading) {
      refusal = {408, "the request's head did not come within " +
                          std::to_string(head_time.count()) + " ms"};
    }
    if (input != Input::kMore) co_return 0;
    in_.append(fresh_);
  }
}

Connection::Awaitable<bool> Connection::ReadBody(RequestParser& parser, BodyLimits limits,
                                                 BodyShare& share, Refusal& refusal) {
  phase_ = Phase::kReading;
  parser.body_limit(limits.max_bytes);
  parser.eager(true);
  const Clock::time_point start = Clock::now();
  std::string_view bytes;
  std::string held = std::move(in_);  // came with the head
  in_.clear();
  bool is_fed = Feed(parser, held, refusal);
  std::string().swap(held);
  while (is_fed && !parser.is_done()) {
    if (!share.Grow(parser.body.size())) {
      refusal = NoRoom();
      co_return false;
    }
    if (in_.size() > server_->options.max_head) {
      refusal = {400, "a chunk's head or the trailers are too long"};
      co_return false;
    }
    // Whoever sends slower than this falls behind it sooner or later, and whoever stops does at
    // once.
    deadline_ = start + limits.whole;
    if (limits.min_bytes_per_second > 0) {
      const auto earned = milliseconds(parser.body.size() * 1000 / limits.min_bytes_per_second);
      deadline_ = std::min<Clock::time_point>(deadline_, start + limits.grace + earned);
    }
    Input input = Input::kTimeout;
    if (!IsOver()) input = co_await ReadMore();
    if (input == Input::kTimeout) ++server_->counts.timed_out;
    if (input == Input::kTimeout) {
      refusal = {408, "the request's body came too slowly: " + std::to_string(parser.body.size()) +
                          " bytes so far"};
    }
    if (input != Input::kMore) co_return false;
    if (in_.empty()) {
      is_fed = Feed(parser, fresh_, refusal);
    } else {
      in_.append(fresh_);
      held = std::move(in_);
      in_.clear();
      is_fed = Feed(parser, held, refusal);
    }
  }
  if (is_fed && !share.Grow(parser.body.size())) {
    refusal = NoRoom();
    co_return false;
  }
  co_return is_fed;
}

// What the parser cannot use yet, the beginning of a chunk's head or the next request, goes to in_.
bool Connection::Feed(RequestParser& parser, std::string_view bytes, Refusal& refusal) {
  RequestParser::Error error;
  while (!bytes.empty() && !parser.is_done()) {
    const size_t used = parser.put(asio::buffer(bytes.data(), bytes.size()), error);
    bytes.remove_prefix(used);
    if (error == http::error::need_more || (!error && used == 0)) break;
    if (error == http::error::body_limit) {
      refusal = {413, "the request's body is longer than this server takes"};
      return false;
    }
    if (error) {
      refusal = {400, "the request's body cannot be read: " + error.message()};
      return false;
    }
  }
  in_.assign(bytes);
  return true;
}

bool Connection::ReadAhead() {
  constexpr size_t kAhead = size_t{16} << 10;
  while (in_.size() < kAhead) {
    const Transport::Step step =
        transport_->Read(asio::buffer(server_->scratch.data(), kAhead - in_.size()));
    if (step.want == Transport::Want::kEnd) return false;
    if (step.bytes == 0) {
      WaitFor(step.want);
      return true;
    }
    server_->counts.bytes_in += step.bytes;
    in_.append(server_->scratch.data(), step.bytes);
  }
  return true;
}

// Closing a socket that has unread bytes, or gets some afterwards, makes the system reset the
// connection, and the client loses the answer that it has not read yet. So what it sends is read
// for a while, to nowhere, until it ends too.
Connection::Awaitable<void> Connection::Linger() {
  constexpr milliseconds kWhole{30'000}, kSilence{5'000}, kShort{1'000};
  phase_ = Phase::kLingering;
  transport_->Finish();
  std::string().swap(in_);
  const Clock::time_point start = Clock::now();
  Input input = Input::kMore;
  deadline_ = start + kWhole;
  while (input == Input::kMore && !is_ended_ && !IsOver()) {
    const bool is_short = is_surplus_ || server_->is_draining;
    deadline_ = std::min<Clock::time_point>(Clock::now() + (is_short ? kShort : kSilence),
                                            start + (is_short ? kShort : kWhole));
    input = co_await ReadMore();
  }
}

}  // namespace peel::server

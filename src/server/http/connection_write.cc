#include <algorithm>
#include <memory>
#include <utility>

#include "src/server/http/answer_head.h"
#include "src/server/http/connection.h"

namespace peel::server {

Connection::Awaitable<bool> Connection::Send(std::string_view first, std::string_view second) {
  SetDeadline(server_->options.send_time);
  while (!first.empty() || !second.empty()) {
    if (is_ended_) co_return false;
    const Transport::Step step = transport_->Write(first, second);
    if (step.bytes > 0) {
      server_->counts.bytes_out += step.bytes;
      without_wait_ += step.bytes;
      const size_t of_first = std::min(step.bytes, first.size());
      first.remove_prefix(of_first);
      second.remove_prefix(step.bytes - of_first);
      SetDeadline(server_->options.send_time);
      co_await LetOthers();
      continue;
    }
    if (step.want == Transport::Want::kEnd) co_return false;
    WaitFor(step.want);
    if (IsOver()) {
      ++server_->counts.timed_out;
      co_return false;
    }
    co_await Sleep();
  }
  co_return true;
}

Connection::Awaitable<bool> Connection::SendAnswer(Response& response, const Asked& asked,
                                                   bool keep_alive) {
  phase_ = Phase::kSending;
  const std::string_view body =
      response.bytes.empty()
          ? std::string_view{response.text}
          : std::string_view(reinterpret_cast<const char*>(response.bytes.data()),
                             response.bytes.size());
  AnswerTraits traits{.length = body.size(),
                      .keep_alive = keep_alive,
                      .id = asked.id,
                      .traceparent = asked.traceparent};
  const bool has_body = response.status >= 200 && response.status != 204 && response.status != 304;
  if (!has_body) {
    traits.end = BodyEnd::kNone;
  } else if (response.stream) {
    traits.end = asked.version == 11 ? BodyEnd::kChunked : BodyEnd::kClose;
  }
  std::string head = AnswerHead(response, traits);
  const bool sends_body = has_body && !asked.is_head;
  if (sends_body && response.stream) {
    const bool is_sent = co_await Send(head, {});
    if (!is_sent) co_return false;
    const bool is_streamed = co_await SendStream(response, traits.end == BodyEnd::kChunked);
    co_return is_streamed;
  }
  const bool is_sent = co_await Send(head, sends_body ? body : std::string_view());
  co_return is_sent;
}

Connection::Awaitable<bool> Connection::SendStream(Response& response, bool is_chunked) {
  struct Piece {
    bool is_there = false;
    std::string text;
    std::weak_ptr<Connection> connection;
  };
  while (true) {
    const auto piece = std::make_shared<Piece>();
    piece->connection = weak_from_this();
    response.stream([piece](std::string text) {
      const auto alive = piece->connection.lock();
      if (!alive || piece->is_there) return;
      piece->text = std::move(text);
      piece->is_there = true;
      alive->Wake();
    });
    NoDeadline();
    while (!piece->is_there) {
      const bool is_client_there = !is_ended_ && ReadAhead();
      if (!is_client_there) co_return false;
      co_await Sleep();
    }
    const std::string& text = piece->text;
    if (!is_chunked) {
      if (text.empty()) co_return true;
      const bool is_sent = co_await Send(text, {});
      if (!is_sent) co_return false;
      continue;
    }
    constexpr char kDigits[] = "0123456789abcdef";
    std::string size;
    for (size_t rest = text.size(); rest > 0 || size.empty(); rest >>= 4) {
      size.insert(size.begin(), kDigits[rest & 15]);
    }
    const std::string begin = size + "\r\n";
    const bool is_begun = co_await Send(begin, text);
    if (!is_begun) co_return false;
    const bool is_ended = co_await Send("\r\n", {});
    if (!is_ended) co_return false;
    if (text.empty()) co_return true;
  }
}

}  // namespace peel::server

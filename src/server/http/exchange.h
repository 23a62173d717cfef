#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "src/server/http/connection.h"
#include "src/server/http/handler.h"

namespace peel::server {

// Where an exchange and its connection meet; either may be gone before the other.
struct Answer {
  std::optional<Response> response;
  bool is_settled = false;  // replied, or the client has gone
  bool is_dropped = false;  // the handler has let the exchange go
  bool is_gone = false;
  std::vector<std::function<void()>> on_gone;
  std::weak_ptr<Connection> connection;

  void Wake() {
    if (const auto alive = connection.lock()) alive->Wake();
  }
};

// The handler's side. The connection keeps none, so that one that is let go is noticed.
class LiveExchange final : public Exchange {
 public:
  LiveExchange(Request request, std::shared_ptr<Answer> answer, boost::asio::io_context& context)
      : request_(std::move(request)), answer_(std::move(answer)), context_(context) {}
  ~LiveExchange() override;

  Request& request() override { return request_; }
  void Reply(Response response) override;
  void OnGone(std::function<void()> gone) override;

 private:
  Request request_;
  const std::shared_ptr<Answer> answer_;
  boost::asio::io_context& context_;
};

}  // namespace peel::server

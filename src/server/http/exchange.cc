#include "src/server/http/exchange.h"

#include <boost/asio/post.hpp>
#include <exception>

namespace peel::server {

LiveExchange::~LiveExchange() {
  if (answer_->is_settled) return;
  answer_->is_dropped = true;
  answer_->on_gone.clear();
  try {
    answer_->Wake();
  } catch (const std::exception&) {
    // Without memory for a wake-up the connection learns of it by its deadline.
  }
}

void LiveExchange::Reply(Response response) {
  if (answer_->is_settled) return;
  answer_->is_settled = true;
  answer_->response = std::move(response);
  answer_->on_gone.clear();
  answer_->Wake();
}

void LiveExchange::OnGone(std::function<void()> gone) {
  if (answer_->is_gone) {
    boost::asio::post(context_, std::move(gone));
  } else if (!answer_->is_settled) {
    answer_->on_gone.push_back(std::move(gone));
  }
}

}  // namespace peel::server

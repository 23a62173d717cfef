#pragma once

#include <chrono>
#include <memory>

#include "src/server/gate.h"
#include "src/server/service.h"

namespace peel::server {

// What is known of a request from its head on (Request::state).
struct CallState {
  std::chrono::steady_clock::time_point begun;
  Gate::Verdict verdict;
};

// One picture's way: fetched where it is named by URL, done by the pool, answered by the API. Stops
// where the client goes.
class Service::Call : public std::enable_shared_from_this<Service::Call> {
 public:
  static void Start(Service& service, std::shared_ptr<Exchange> exchange, Work work);

  Call(Service& service, std::shared_ptr<Exchange> exchange, Work work)
      : service_(service), exchange_(std::move(exchange)), work_(std::move(work)) {}

 private:
  void FetchPicture();
  void FetchBackground();
  void Fetch(const std::string& url, bool background,
             std::function<void(Keeper, std::span<const uint8_t>)> then);
  void Submit();
  void End(const Outcome& outcome);
  void Gone();

  Service& service_;
  std::shared_ptr<Exchange> exchange_;
  Work work_;
  std::vector<Keeper> kept_;
  uint64_t fetch_ = 0, job_ = 0;
  bool ended_ = false;
};

}  // namespace peel::server

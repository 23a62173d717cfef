#include "src/server/call.h"

#include <utility>

#include "src/server/fetch/fetcher.h"

namespace peel::server {

void Service::Call::Start(Service& service, std::shared_ptr<Exchange> exchange, Work work) {
  auto call = std::make_shared<Call>(service, std::move(exchange), std::move(work));
  call->exchange_->OnGone([weak = std::weak_ptr<Call>(call)] {
    if (const auto alive = weak.lock()) alive->Gone();
  });
  call->FetchPicture();
}

void Service::Call::FetchPicture() {
  if (work_.picture_url.empty()) return FetchBackground();
  Fetch(work_.picture_url, false, [this](Keeper keeper, std::span<const uint8_t> bytes) {
    kept_.push_back(std::move(keeper));
    work_.files.picture = bytes;
    FetchBackground();
  });
}

void Service::Call::FetchBackground() {
  if (work_.background_url.empty()) return Submit();
  Fetch(work_.background_url, true, [this](Keeper keeper, std::span<const uint8_t> bytes) {
    kept_.push_back(std::move(keeper));
    work_.files.attachments["background"] = bytes;
    Submit();
  });
}

void Service::Call::Fetch(const std::string& url, bool background,
                          std::function<void(Keeper, std::span<const uint8_t>)> then) {
  FetchLimits limits;
  limits.max_bytes = service_.parts_.options.max_body;
  limits.time = service_.parts_.options.fetch_time;
  fetch_ = service_.parts_.fetcher.Get(
      url, limits,
      [self = shared_from_this(), background,
       then = std::move(then)](Result<std::vector<uint8_t>> fetched) {
        self->fetch_ = 0;
        if (self->ended_) return;
        if (!fetched.ok()) {
          self->ended_ = true;
          Response response = self->work_.fetch_failed(background, fetched.status().message());
          self->service_.Reply(self->exchange_, std::move(response), nullptr,
                               fetched.status().message());
          return;
        }
        auto bytes = std::make_shared<const std::vector<uint8_t>>(*std::move(fetched));
        const std::span<const uint8_t> view = *bytes;
        then(std::move(bytes), view);
      });
}

void Service::Call::Submit() {
  if (!kept_.empty()) {
    kept_.push_back(work_.files.keeper);
    work_.files.keeper = std::make_shared<const std::vector<Keeper>>(std::move(kept_));
  }
  const uint64_t job =
      service_.parts_.pool.Submit(work_.job, std::move(work_.files),
                                  [self = shared_from_this()](const Outcome& o) { self->End(o); });
  if (!ended_) job_ = job;
}

void Service::Call::End(const Outcome& outcome) {
  if (std::exchange(ended_, true)) return;
  const bool refused = !outcome.ok();
  service_.Reply(exchange_, work_.respond(outcome), &outcome,
                 refused ? std::string_view{outcome.failure.message} : std::string_view{});
  work_.respond = nullptr;
}

void Service::Call::Gone() {
  if (std::exchange(ended_, true)) return;
  const auto self = shared_from_this();
  if (fetch_ != 0) service_.parts_.fetcher.Cancel(fetch_);
  if (job_ != 0) service_.parts_.pool.Cancel(job_, Failure::Kind::kGone);
  Outcome outcome;
  outcome.failure = {Failure::Kind::kGone, StatusCode::kCancelled, "the client has gone", 0};
  Response nobody;
  nobody.status = 499;
  service_.Finish(exchange_->request(), nobody, &outcome, outcome.failure.message);
}

}  // namespace peel::server

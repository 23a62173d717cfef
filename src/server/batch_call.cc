#include "src/server/batch_call.h"

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <nlohmann/json.hpp>
#include <utility>

namespace peel::server {
namespace {

constexpr auto kWhileFull = std::chrono::milliseconds(100);

}  // namespace

struct Service::BatchCall::Timer {
  explicit Timer(boost::asio::io_context& context) : timer(context) {}
  boost::asio::steady_timer timer;
};

Service::BatchCall::BatchCall(Service& service, std::shared_ptr<Exchange> exchange, Batch batch,
                              std::vector<Gate::Verdict> verdicts)
    : service_(service),
      exchange_(std::move(exchange)),
      batch_(std::move(batch)),
      verdicts_(std::move(verdicts)),
      window_(static_cast<size_t>(std::max(service.parts_.pool.counts().workers, 1)) + 1),
      retry_(std::make_unique<Timer>(service.parts_.context)) {}

Service::BatchCall::~BatchCall() = default;

void Service::BatchCall::Start(Service& service, std::shared_ptr<Exchange> exchange, Batch batch,
                               std::vector<Gate::Verdict> verdicts) {
  auto call = std::make_shared<BatchCall>(service, std::move(exchange), std::move(batch),
                                          std::move(verdicts));
  call->exchange_->OnGone([weak = std::weak_ptr<BatchCall>(call)] {
    if (const auto alive = weak.lock()) alive->Gone();
  });
  call->Fill();
  Response response;
  response.headers.Set("Content-Type", "application/zip");
  response.headers.Set("Content-Disposition", "attachment; filename=\"cut-outs.zip\"");
  response.stream = [call](Next next) { call->Pull(std::move(next)); };
  service.Reply(call->exchange_, std::move(response));
}

void Service::BatchCall::Pull(Next next) {
  waiting_ = std::move(next);
  Fill();
  Deliver();
}

void Service::BatchCall::Fill() {
  while (!gone_ && handed_out_ < batch_.items.size() && handed_out_ < delivered_ + window_) {
    if (service_.parts_.pool.FullFor()) {  // others' work goes first
      retry_->timer.expires_after(kWhileFull);
      retry_->timer.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
        if (!error) self->Fill();
      });
      return;
    }
    const size_t number = handed_out_++;
    Batch::Item& item = batch_.items[number];
    const uint64_t job =
        service_.parts_.pool.Submit(item.job, std::move(item.files),
                                    [self = shared_from_this(), number](const Outcome& outcome) {
                                      self->Done(number, outcome);
                                    });
    if (job != 0 && !finished_.contains(number)) jobs_[number] = job;
  }
}

void Service::BatchCall::Done(size_t number, const Outcome& outcome) {
  jobs_.erase(number);
  Picture& picture = finished_[number];
  if (outcome.ok()) {
    picture = {outcome.done->bytes, outcome.done->keeper};
    service_.parts_.gate.Charge(verdicts_[number]);
  } else {
    errors_.emplace_back(batch_.items[number].name, outcome.failure.message);
  }
  Deliver();
}

void Service::BatchCall::Deliver() {
  while (waiting_ && !gone_) {
    if (delivered_ == batch_.items.size()) {
      std::string last;
      if (!std::exchange(ended_, true)) {
        if (!errors_.empty()) {
          const std::string text = Errors();
          if (auto piece = zip_.Add("errors.json",
                                    {reinterpret_cast<const uint8_t*>(text.data()), text.size()});
              piece.ok()) {
            last += *piece;
          }
        }
        last += zip_.End();
      }
      std::exchange(waiting_, nullptr)(std::move(last));
      return;
    }
    const auto found = finished_.find(delivered_);
    if (found == finished_.end()) return;
    const Picture picture = std::move(found->second);
    finished_.erase(found);
    const std::string& name = batch_.items[delivered_++].name;
    Fill();
    if (picture.bytes.empty()) continue;
    auto piece = zip_.Add(name, picture.bytes);
    if (piece.ok()) {
      std::exchange(waiting_, nullptr)(*std::move(piece));
    } else {
      errors_.emplace_back(name, piece.status().message());
    }
  }
}

std::string Service::BatchCall::Errors() const {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const auto& [name, why] : errors_) list.push_back({{"name", name}, {"error", why}});
  return list.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

void Service::BatchCall::Gone() {
  gone_ = true;
  const auto self = shared_from_this();
  waiting_ = nullptr;
  retry_->timer.cancel();
  for (const auto& [number, job] : std::exchange(jobs_, {})) {
    service_.parts_.pool.Cancel(job, Failure::Kind::kGone);
  }
}

}  // namespace peel::server

#include "src/server/gate.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "src/server/guard/cors.h"
#include "src/server/guard/expiry_clock.h"
#include "src/server/guard/guess_limit.h"
#include "src/server/guard/key_ring.h"
#include "src/server/guard/key_use.h"
#include "src/server/guard/peer.h"
#include "src/server/guard/signed_link.h"

namespace peel::server {
namespace {

using Steady = std::chrono::steady_clock;

class TheGate final : public Gate {
 public:
  Status Open(const ServiceOptions& options, std::string& warning) {
    if (!options.keys_file.empty()) {
      PEEL_ASSIGN_OR_RETURN(keys_, KeyRing::Open(options.keys_file));
      warning = keys_->warning();
    }
    if (!options.credits_file.empty()) {
      credits_file_ = options.credits_file;
      PEEL_RETURN_IF_ERROR(use_.Load(credits_file_));
    }
    if (options.requests_per_minute > 0) {
      const double rate = options.requests_per_minute;
      rate_ = Rate{rate, rate};
    }
    for (const std::string& origin : options.cors_origins) {
      PEEL_RETURN_IF_ERROR(cors_.Allow(origin));
    }
    return OkStatus();
  }

  ~TheGate() override { Save(); }

  Verdict Judge(const Request& request, std::string_view api, Cost cost) override {
    const auto now = Steady::now();
    if (keys_ != nullptr) {
      if (const auto news = keys_->Refresh(now); news && tell_) tell_(news->is_failure, news->text);
      if (HasSignature(request)) return JudgeLink(request, api, cost, now);
      if (std::string_view shown = PresentedKey(request); !shown.empty()) {
        return JudgeKey(request, shown, api, cost, now);
      }
      return Refused(401, "a key is wanted: send it as X-Api-Key, or as Authorization: Bearer");
    }
    return WithRate(request, now);
  }

  Verdict JudgeMore(const Caller& caller) override {
    const auto named = keys_ != nullptr ? keys_->Named(caller.key_name) : nullptr;
    if (named == nullptr) return {};
    Key key = *named;
    key.rate.reset();
    key.max_concurrent = 0;
    auto begun = use_.Begin(key, 1, Steady::now(), clock_.Now());
    if (begun.refusal != KeyUse::Refusal::kNone) return Refused(402, std::move(begun.message));
    Verdict verdict;
    verdict.caller = caller;
    verdict.lease = std::move(begun.lease);
    return verdict;
  }

  std::optional<Response> Preflight(const Request& request) override {
    return cors_.is_on() ? cors_.Preflight(request) : std::nullopt;
  }
  void AddOrigin(const Request& request, Response& response) override {
    if (cors_.is_on()) cors_.Apply(request, &response);
  }

  void Charge(const Verdict& verdict) override {
    if (verdict.lease == nullptr) return;
    std::static_pointer_cast<KeyUse::Lease>(verdict.lease)->Keep();
    Save();
  }

  std::string Reload() override {
    if (keys_ == nullptr) return "";
    const auto news = keys_->Refresh(Steady::now() + std::chrono::hours(1));
    return news && news->is_failure ? news->text : "";
  }
  void set_tell(Tell tell) override { tell_ = std::move(tell); }
  bool wants_keys() const override { return keys_ != nullptr; }

 private:
  static Verdict Refused(int status, std::string message, int retry_after = 0) {
    Verdict verdict;
    verdict.status = status;
    verdict.message = std::move(message);
    verdict.retry_after = retry_after;
    return verdict;
  }

  Verdict JudgeKey(const Request& request, std::string_view shown, std::string_view api, Cost cost,
                   Steady::time_point now) {
    const auto key = keys_->Find(shown);
    const bool known = key != nullptr && guesses_.IsKnown(request.peer, key->name);
    if (const int wait = guesses_.WaitOf(request.peer, now); wait > 0 && !known) {
      guesses_.Failed(request.peer, now);
      return Refused(429, "too many wrong keys came from here; wait before the next one", wait);
    }
    if (key == nullptr) {
      guesses_.Failed(request.peer, now);
      return Refused(401, "the key is not one of this server's");
    }
    guesses_.Succeeded(request.peer, key->name);
    return Use(request, *key, api, cost, now);
  }

  Verdict JudgeLink(const Request& request, std::string_view api, Cost cost,
                    Steady::time_point now) {
    const auto secret = CheckLink(request, keys_->links(), clock_.Now());
    if (!secret.ok()) return Refused(403, secret.status().message());
    if ((*secret)->key.empty()) return WithRate(request, now);
    const auto key = keys_->Named((*secret)->key);
    if (key == nullptr) return Refused(403, "the key of this link is not there any more");
    return Use(request, *key, api, cost, now);
  }

  Verdict Use(const Request& request, const Key& key, std::string_view api, Cost cost,
              Steady::time_point now) {
    const auto time = clock_.Now();
    if (key.disabled) return Refused(403, "the key is switched off");
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch());
    if (key.expires && seconds.count() >= *key.expires) return Refused(403, "the key has expired");
    if (!key.MayUse(api, request.path)) return Refused(403, "the key is not for " + request.path);
    auto begun = use_.Begin(key, cost == Cost::kPicture ? 1 : 0, now, time);
    Verdict verdict;
    verdict.caller.key_name = key.name;
    if (key.max_pixels > 0) verdict.caller.max_pixels = key.max_pixels;
    if (key.max_bytes > 0) verdict.max_body = key.max_bytes;
    const auto balance = use_.BalanceOf(key, time);
    if (balance.credits || balance.credits_today) {
      const uint64_t left = std::min(balance.credits.value_or(UINT64_MAX),
                                     balance.credits_today.value_or(UINT64_MAX));
      verdict.caller.credits = static_cast<int64_t>(std::min<uint64_t>(left, INT64_MAX));
    }
    if (begun.rate) {
      AddRateHeaders(*begun.rate, std::chrono::system_clock::now(), &verdict.headers);
    }
    verdict.lease = std::move(begun.lease);
    switch (begun.refusal) {
      case KeyUse::Refusal::kNone:
        break;
      case KeyUse::Refusal::kRate:
      case KeyUse::Refusal::kConcurrent:
        verdict.status = 429;
        break;
      case KeyUse::Refusal::kCredits:
      case KeyUse::Refusal::kCreditsOfDay:
        verdict.status = 402;
        break;
    }
    verdict.message = std::move(begun.message);
    verdict.retry_after =
        begun.rate && !begun.rate->allowed ? begun.rate->retry_after : begun.retry_after;
    return verdict;
  }

  // Of who has no key, by address.
  Verdict WithRate(const Request& request, Steady::time_point now) {
    Verdict verdict;
    if (!rate_) return verdict;
    const RateVerdict rate = rates_.Take(PeerGroup(request.peer), *rate_, now);
    AddRateHeaders(rate, std::chrono::system_clock::now(), &verdict.headers);
    if (!rate.allowed) {
      verdict.status = 429;
      verdict.message =
          "too many requests from here: " + std::to_string(rate.limit) + " a minute are allowed";
      verdict.retry_after = rate.retry_after;
    }
    return verdict;
  }

  void Save() {
    if (credits_file_.empty() || !use_.is_changed()) return;
    if (const Status status = use_.Save(credits_file_); !status.ok() && tell_) {
      tell_(true, status.message());
    }
  }

  std::unique_ptr<KeyRing> keys_;
  KeyUse use_;
  GuessLimit guesses_;
  RateLimiter rates_;
  std::optional<Rate> rate_;
  Cors cors_;
  ExpiryClock clock_;
  std::string credits_file_;
  Tell tell_;
};

}  // namespace

Result<std::unique_ptr<Gate>> Gate::Open(const ServiceOptions& options, std::string& warning) {
  auto gate = std::make_unique<TheGate>();
  PEEL_RETURN_IF_ERROR(gate->Open(options, warning));
  return std::unique_ptr<Gate>(std::move(gate));
}

}  // namespace peel::server

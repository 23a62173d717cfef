#include "src/server/guard/rate_limit.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace peel::server {
namespace {

using Seconds = std::chrono::duration<double>;

// What is counted in tenths and thirds is never quite whole.
constexpr double kGrain = 1e-6;

int RoundedUp(double seconds) {
  return static_cast<int>(std::clamp(std::ceil(seconds - kGrain), 0.0, 1e9));
}

RateVerdict Tell(double tokens, const Rate& rate) {
  RateVerdict verdict;
  verdict.limit = static_cast<int>(std::min(rate.burst, 1e9));
  verdict.remaining = static_cast<int>(std::clamp(tokens + kGrain, 0.0, 1e9));
  verdict.reset = RoundedUp((rate.burst - tokens) / rate.per_minute * 60);
  return verdict;
}

// A rate of zero would divide by it, a burst below one would let nobody in.
Rate Sound(const Rate& rate) {
  return {std::max(rate.per_minute, 1e-3), std::max(rate.burst, 1.0)};
}

}  // namespace

RateLimiter::Bucket& RateLimiter::Filled(std::string_view name, const Rate& rate, Time now) {
  Bucket& bucket = buckets_.At(name);
  if (bucket.is_new) {
    bucket = {false, rate.burst, now};
  } else if (now > bucket.last) {
    bucket.tokens += Seconds(now - bucket.last).count() * rate.per_minute / 60;
    bucket.last = now;
  }
  bucket.tokens = std::min(bucket.tokens, rate.burst);
  return bucket;
}

RateVerdict RateLimiter::Take(std::string_view name, const Rate& wanted, Time now, double cost) {
  const Rate rate = Sound(wanted);
  Bucket& bucket = Filled(name, rate, now);
  cost = std::clamp(cost, 0.0, rate.burst);
  const bool allowed = bucket.tokens + kGrain >= cost;
  if (allowed) bucket.tokens = std::max(bucket.tokens - cost, 0.0);
  RateVerdict verdict = Tell(bucket.tokens, rate);
  verdict.allowed = allowed;
  if (!allowed) {
    verdict.retry_after = std::max(RoundedUp((cost - bucket.tokens) / rate.per_minute * 60), 1);
  }
  return verdict;
}

RateVerdict RateLimiter::Look(std::string_view name, const Rate& wanted, Time now) {
  const Rate rate = Sound(wanted);
  return Tell(Filled(name, rate, now).tokens, rate);
}

void AddRateHeaders(const RateVerdict& verdict, std::chrono::system_clock::time_point now,
                    Fields* headers) {
  const int64_t seconds =
      std::chrono::ceil<std::chrono::seconds>(now.time_since_epoch()).count() + verdict.reset;
  headers->Set("X-RateLimit-Limit", std::to_string(verdict.limit));
  headers->Set("X-RateLimit-Remaining", std::to_string(verdict.remaining));
  headers->Set("X-RateLimit-Reset", std::to_string(seconds));
  if (!verdict.allowed) headers->Set("Retry-After", std::to_string(verdict.retry_after));
}

}  // namespace peel::server

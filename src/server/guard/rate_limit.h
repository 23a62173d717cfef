#pragma once

#include <chrono>
#include <cstddef>
#include <string_view>

#include "src/server/guard/lru_table.h"
#include "src/server/http/message.h"

namespace peel::server {

// A bucket of `burst` requests that fills up again at this rate.
struct Rate {
  double per_minute = 60;
  double burst = 60;

  bool operator==(const Rate&) const = default;
};

struct RateVerdict {
  bool allowed = true;
  int limit = 0;        // the bucket's size
  int remaining = 0;    // requests that are possible at once
  int reset = 0;        // seconds until the bucket is full again, rounded up
  int retry_after = 0;  // seconds until one request is possible, 1 or more; 0 where allowed
};

// Token buckets by name (a key's name, or PeerGroup of an address), of the `most` that were seen
// last. Time is the steady clock's, which is given; one that stands still or comes out of order
// fills nothing.
class RateLimiter {
 public:
  using Time = std::chrono::steady_clock::time_point;
  explicit RateLimiter(size_t most = 65536) : buckets_(most) {}

  // Takes one request where there is room, else nothing. A rate that is not the one of the last
  // call (a new key file) counts from now on. `cost`: requests at a time, no more than the burst
  // count.
  RateVerdict Take(std::string_view name, const Rate& rate, Time now, double cost = 1);
  // The same without taking.
  RateVerdict Look(std::string_view name, const Rate& rate, Time now);
  size_t size() const { return buckets_.size(); }

 private:
  struct Bucket {
    bool is_new = true;
    double tokens = 0;
    Time last{};
  };
  Bucket& Filled(std::string_view name, const Rate& rate, Time now);

  LruTable<Bucket> buckets_;
};

// X-RateLimit-Limit, -Remaining and -Reset (unix seconds, as remove.bg has it), and Retry-After
// where it is refused.
void AddRateHeaders(const RateVerdict& verdict, std::chrono::system_clock::time_point now,
                    Fields* headers);

}  // namespace peel::server

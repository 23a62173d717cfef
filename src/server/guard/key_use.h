#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "src/base/status.h"
#include "src/server/guard/keys.h"
#include "src/server/guard/rate_limit.h"

namespace peel::server {

// What keys have used of what they may. By name, so that it stays when the file of keys is read
// anew. A key's credits are counted from when its name was first seen here, or in the file that
// Load read: a key whose name is used for another one goes on where that was.
class KeyUse {
 public:
  using Steady = std::chrono::steady_clock::time_point;
  using System = std::chrono::system_clock::time_point;  // ExpiryClock's

  // A request that is under way. Ends with its last owner; gives its credits back unless kept.
  class Lease {
   public:
    virtual ~Lease() = default;
    virtual void Keep() = 0;  // the picture was made: it costs
  };

  enum class Refusal {
    kNone,
    kRate,          // 429, by rate.retry_after
    kConcurrent,    // 429
    kCredits,       // 402
    kCreditsOfDay,  // 402, or 429: retry_after is until the next day
  };
  struct Verdict {
    Refusal refusal = Refusal::kNone;
    std::optional<RateVerdict> rate{};  // where the key has one: for AddRateHeaders
    int retry_after = 0;                // seconds; 0: no use
    std::string message{};              // for the user
    std::shared_ptr<Lease> lease{};     // where not refused
  };
  // What is refused for one reason takes nothing of the others. `credits`: of this request; 0: only
  // rate and number count.
  Verdict Begin(const Key& key, uint64_t credits, Steady now, System time);

  struct Balance {
    std::optional<uint64_t> credits{}, credits_today{};  // left; nullopt: without end
  };
  Balance BalanceOf(const Key& key, System time) const;
  int under_way(std::string_view name) const;

  // Credits in a small file, so that they outlast the server: {"shop": {"total": 3, "day": 20787,
  // "today": 3}}. A file that is not there is an empty one. kIo, kCorrupt.
  Status Load(const std::string& path);
  Status Save(const std::string& path);
  bool is_changed() const { return state_->is_changed; }  // since the last Load or Save

 private:
  struct Count {
    uint64_t total = 0, today = 0;
    int64_t day = 0;  // since 1970
    int under_way = 0;
  };
  class OneLease;
  // Shared with leases, which may outlive this.
  struct State {
    std::map<std::string, Count, std::less<>> counts;
    bool is_changed = false;
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
  RateLimiter rates_;
};

}  // namespace peel::server

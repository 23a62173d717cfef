// Rates, guesses, addresses and the clock of expiry.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "src/server/guard/expiry_clock.h"
#include "src/server/guard/guess_limit.h"
#include "src/server/guard/lru_table.h"
#include "src/server/guard/peer.h"
#include "src/server/guard/rate_limit.h"

namespace peel::server {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

const std::chrono::steady_clock::time_point kStart{hours(1000)};

TEST(LruTableTest, ForgetsTheOneNotAskedForTheLongest) {
  LruTable<char> table(3);
  for (const char* const name : {"a", "b", "c"}) table.At(name) = name[0];
  EXPECT_NE(table.Find("a"), nullptr);
  table.At("d") = 'd';
  EXPECT_EQ(table.Find("b"), nullptr);
  ASSERT_NE(table.Find("a"), nullptr);
  EXPECT_EQ(*table.Find("a"), 'a');
  EXPECT_EQ(table.At("b"), 0);
  EXPECT_EQ(table.Find("c"), nullptr);
  EXPECT_EQ(table.size(), 3U);
}

TEST(PeerTest, GroupsAreWhatOneCustomerHas) {
  EXPECT_EQ(PeerGroup("192.0.2.7"), "192.0.2.7");
  EXPECT_EQ(PeerGroup("::ffff:192.0.2.7"), "192.0.2.7");
  EXPECT_EQ(PeerGroup("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
  EXPECT_EQ(PeerGroup("2001:db8:1:2::"), PeerGroup("2001:0db8:1:2:ffff::1"));
  EXPECT_NE(PeerGroup("2001:db8:1:2::"), PeerGroup("2001:db8:1:3::"));
  EXPECT_EQ(PeerBlock("2001:db8:1:2:3:4:5:6"), "2001:db8:1::/48");
  EXPECT_EQ(PeerBlock("192.0.2.7"), "192.0.2.0/24");
  EXPECT_EQ(PeerGroup(""), "other");
  EXPECT_EQ(PeerBlock("unix"), "other");
}

TEST(RateLimitTest, ABurstAndThenTheRate) {
  RateLimiter limiter;
  const Rate rate{60, 5};
  for (int i = 0; i < 5; ++i) {
    const RateVerdict verdict = limiter.Take("a", rate, kStart);
    EXPECT_TRUE(verdict.allowed);
    EXPECT_EQ(verdict.limit, 5);
    EXPECT_EQ(verdict.remaining, 4 - i);
    EXPECT_EQ(verdict.reset, i + 1);
    EXPECT_EQ(verdict.retry_after, 0);
  }
  RateVerdict verdict = limiter.Take("a", rate, kStart + milliseconds(900));
  EXPECT_FALSE(verdict.allowed);
  EXPECT_EQ(verdict.retry_after, 1);
  EXPECT_EQ(verdict.remaining, 0);
  EXPECT_TRUE(limiter.Take("b", rate, kStart).allowed);
  // To have been refused costs nothing.
  EXPECT_TRUE(limiter.Take("a", rate, kStart + seconds(1)).allowed);
  EXPECT_FALSE(limiter.Take("a", rate, kStart + seconds(1)).allowed);
  // However long it was away, it has a burst and no more.
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(limiter.Take("a", rate, kStart + hours(9)).allowed);
  EXPECT_FALSE(limiter.Take("a", rate, kStart + hours(9)).allowed);
}

TEST(RateLimitTest, WhoWaitsAsToldGetsIn) {
  RateLimiter limiter;
  for (const Rate rate : {Rate{1, 1}, Rate{7, 3}, Rate{90, 2}, Rate{1000, 10}}) {
    auto now = kStart;
    const std::string name = std::to_string(rate.per_minute);
    int allowed = 0;
    for (int i = 0; i < 200; ++i) {
      const RateVerdict verdict = limiter.Take(name, rate, now);
      if (verdict.allowed) {
        ++allowed;
      } else {
        EXPECT_GE(verdict.retry_after, 1);
        now += seconds(verdict.retry_after);
        EXPECT_TRUE(limiter.Take(name, rate, now).allowed);
        ++allowed;
      }
    }
    // No more than the bucket and what has flown in since.
    const double most =
        rate.burst + rate.per_minute / 60 * std::chrono::duration<double>(now - kStart).count();
    EXPECT_LE(allowed, most + 1e-3);
  }
}

TEST(RateLimitTest, OddTimesRatesAndCostsDoNoHarm) {
  RateLimiter limiter;
  EXPECT_TRUE(limiter.Take("a", {60, 1}, kStart).allowed);
  // Time that goes back fills nothing.
  EXPECT_FALSE(limiter.Take("a", {60, 1}, kStart - hours(1)).allowed);
  EXPECT_FALSE(limiter.Take("a", {60, 1}, kStart).allowed);
  EXPECT_FALSE(limiter.Take("a", {60, 1}, kStart - hours(1)).allowed);
  EXPECT_TRUE(limiter.Take("a", {60, 1}, kStart + seconds(1)).allowed);
  // A rate of nothing and a burst of nothing are one request, once in a long while.
  EXPECT_TRUE(limiter.Take("b", {0, 0}, kStart).allowed);
  EXPECT_GT(limiter.Take("b", {0, 0}, kStart).retry_after, 3600);
  EXPECT_TRUE(limiter.Take("c", {60, 4}, kStart, 3).allowed);
  EXPECT_EQ(limiter.Take("c", {60, 4}, kStart, 3).retry_after, 2);
  EXPECT_TRUE(limiter.Take("d", {60, 4}, kStart, 1e9).allowed);
  // A smaller bucket at once, a larger one as it fills.
  EXPECT_TRUE(limiter.Take("e", {60, 100}, kStart).allowed);
  EXPECT_EQ(limiter.Take("e", {60, 2}, kStart).remaining, 1);
  EXPECT_EQ(limiter.Look("e", {60, 100}, kStart).remaining, 1);
}

TEST(RateLimitTest, MemoryHasAnEnd) {
  RateLimiter limiter(100);
  for (int i = 0; i < 10'000; ++i) limiter.Take(std::to_string(i), {60, 1}, kStart);
  EXPECT_EQ(limiter.size(), 100U);
  EXPECT_FALSE(limiter.Take("9999", {60, 1}, kStart).allowed);
}

TEST(RateLimitTest, HeadersAreWholeNumbers) {
  RateLimiter limiter;
  Fields headers{Fields::Case::kIgnored};
  const std::chrono::system_clock::time_point now{milliseconds(1'000'000'500)};
  AddRateHeaders(limiter.Take("a", {60, 1}, kStart), now, &headers);
  EXPECT_EQ(headers.Get("x-ratelimit-limit"), "1");
  EXPECT_EQ(headers.Get("x-ratelimit-remaining"), "0");
  EXPECT_EQ(headers.Get("x-ratelimit-reset"), "1000002");
  EXPECT_FALSE(headers.Has("retry-after"));
  AddRateHeaders(limiter.Take("a", {60, 1}, kStart), now, &headers);
  EXPECT_EQ(headers.Get("retry-after"), "1");
}

TEST(GuessLimitTest, TenTriesAMinuteAndThenLongerAndLonger) {
  GuessLimit limit;
  auto now = kStart;
  const auto fail_ten = [&] {
    for (int i = 0; i < 10; ++i) {
      EXPECT_EQ(limit.WaitOf("192.0.2.1", now), 0) << i;
      limit.Failed("192.0.2.1", now);
    }
    return limit.WaitOf("192.0.2.1", now);
  };
  for (const int wait : {60, 120, 240, 480, 960, 1920, 3600, 3600}) {
    EXPECT_EQ(fail_ten(), wait);
    EXPECT_EQ(limit.WaitOf("192.0.2.1", now + seconds(wait - 1)), 1);
    EXPECT_EQ(limit.WaitOf("192.0.2.2", now), 0);
    now += seconds(wait);
  }
  // A quiet hour, and it begins at a minute again.
  now += hours(1);
  EXPECT_EQ(fail_ten(), 60);
}

TEST(GuessLimitTest, AFewSlipsAreNoGuessing) {
  GuessLimit limit;
  for (int i = 0; i < 100; ++i) {
    limit.Failed("192.0.2.1", kStart + seconds(7) * i);
    EXPECT_EQ(limit.WaitOf("192.0.2.1", kStart + seconds(7) * i), 0) << i;
  }
}

TEST(GuessLimitTest, TriesWhileItWaitsMakeItLonger) {
  GuessLimit limit;
  for (int i = 0; i < 20; ++i) limit.Failed("192.0.2.1", kStart);
  EXPECT_EQ(limit.WaitOf("192.0.2.1", kStart), 120);
}

TEST(GuessLimitTest, SpreadOverOnesOwnNetworksItIsOfNoUse) {
  GuessLimit limit;
  // A new /64 of one /48 for each try.
  int tried = 0;
  for (int i = 0; i < 2000; ++i) {
    const std::string peer = "2001:db8:1:" + std::to_string(i) + "::1";
    if (limit.WaitOf(peer, kStart) != 0) continue;
    limit.Failed(peer, kStart);
    ++tried;
  }
  EXPECT_EQ(tried, 100);
  EXPECT_EQ(limit.WaitOf("2001:db8:2:1::1", kStart), 0);
}

TEST(GuessLimitTest, MemoryHasAnEndWhoeverSprays) {
  GuessLimit limit(100);
  for (int i = 0; i < 10'000; ++i) {
    limit.Failed("2001:" + std::to_string(i / 100 % 9999) + ":" + std::to_string(i % 9999) + "::1",
                 kStart);
  }
  EXPECT_EQ(limit.size(), 200U);
}

TEST(GuessLimitTest, WhoWasRightBeforeIsKnown) {
  GuessLimit limit;
  limit.Succeeded("2001:db8::1", "shop");
  EXPECT_TRUE(limit.IsKnown("2001:db8::2", "shop"));
  EXPECT_FALSE(limit.IsKnown("2001:db8::2", "other"));
  EXPECT_FALSE(limit.IsKnown("192.0.2.1", "shop"));
}

class ExpiryClockTest : public ::testing::Test {
 protected:
  static constexpr std::chrono::system_clock::time_point kNoon{hours(500'000)};
  // What it says `after` the start when the system's clock is `off` by so much.
  seconds Off(ExpiryClock& clock, seconds after, seconds off) {
    return std::chrono::duration_cast<seconds>(clock.Now(kNoon + after + off, kStart + after) -
                                               kNoon - after);
  }
};

TEST_F(ExpiryClockTest, FollowsSmallCorrections) {
  ExpiryClock clock(kNoon, kStart);
  EXPECT_EQ(Off(clock, seconds(10), seconds(0)), seconds(0));
  EXPECT_EQ(Off(clock, seconds(20), seconds(30)), seconds(30));
  EXPECT_EQ(Off(clock, seconds(30), seconds(-20)), seconds(-20));
}

TEST_F(ExpiryClockTest, AStepForAMomentIsNone) {
  for (const seconds step : {seconds(hours(24 * 365)), -seconds(hours(24 * 365)), seconds(90)}) {
    ExpiryClock clock(kNoon, kStart);
    for (int i = 1; i < 590; i += 10) {
      EXPECT_EQ(Off(clock, seconds(i), step), seconds(0)) << step.count() << " after " << i;
    }
    EXPECT_EQ(Off(clock, seconds(595), seconds(0)), seconds(0));
    EXPECT_EQ(Off(clock, seconds(620), step), seconds(0));
  }
}

TEST_F(ExpiryClockTest, AStepThatStaysIsFollowedInTheEnd) {
  for (const seconds step : {seconds(hours(24 * 365)), -seconds(hours(24 * 365))}) {
    ExpiryClock clock(kNoon, kStart);
    EXPECT_EQ(Off(clock, seconds(10), step), seconds(0));
    EXPECT_EQ(Off(clock, seconds(609), step), seconds(0));
    EXPECT_EQ(Off(clock, seconds(610), step), step);
    EXPECT_EQ(Off(clock, seconds(700), step), step);
  }
}

TEST_F(ExpiryClockTest, StepsToAndFroAreNotFollowed) {
  ExpiryClock clock(kNoon, kStart);
  for (int i = 1; i < 100; ++i) {
    EXPECT_EQ(Off(clock, minutes(i), hours(i % 2 == 0 ? 10 : -10)), seconds(0)) << i;
  }
}

}  // namespace
}  // namespace peel::server

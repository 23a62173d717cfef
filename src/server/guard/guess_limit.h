#pragma once

#include <chrono>
#include <cstddef>
#include <string_view>

#include "src/server/guard/lru_table.h"

namespace peel::server {

// Slows down who tries keys: after ten wrong ones within a minute a peer waits, a minute at first
// and twice as long after each ten more, up to an hour; a quiet hour and it is forgotten. Groups
// (PeerGroup) of one block (PeerBlock) together have ten times as many tries, so that spreading
// them over the /64s of one's own /48 is of no use. Bounded memory, steady time.
//
// Who has shown a right key from a group before goes on with that key: others behind the same
// address, or everybody behind a proxy that is not in trusted_proxies, are not locked out by one
// who guesses.
class GuessLimit {
 public:
  using Time = std::chrono::steady_clock::time_point;
  explicit GuessLimit(size_t most = 65536) : groups_(most), blocks_(most), known_(most) {}

  // Seconds that this peer has to wait before another key of its is looked at; 0: none.
  int WaitOf(std::string_view peer, Time now);
  // A wrong key; a missing one is none. One that comes while the peer waits counts too.
  void Failed(std::string_view peer, Time now);

  // A right one, by its name; and whether it was right from this peer before.
  void Succeeded(std::string_view peer, std::string_view name);
  bool IsKnown(std::string_view peer, std::string_view name);

  size_t size() const { return groups_.size() + blocks_.size() + known_.size(); }

 private:
  struct Tries {
    int failed = 0;  // in this minute
    int locked = 0;  // how often it had to wait
    Time begin{};    // of the minute
    Time until{};    // it waits
    Time last{};     // failure
  };
  static int Wait(const Tries* tries, Time now);
  static void Count(Tries& tries, int most, Time now);

  LruTable<Tries> groups_, blocks_;
  LruTable<char> known_;
};

}  // namespace peel::server

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace peel::server {

// Pictures over which workers have ended lately, so that one that is sent again and again does not
// keep all of them from working.
class CrashRecord {
 public:
  // How often within the last minutes, over the same bytes.
  static constexpr int kMost = 3;

  // The number to give the functions below; 0, at no cost, while nothing is recorded and `always`
  // is not set.
  uint64_t Number(std::span<const uint8_t> picture, bool always) const;
  void Add(uint64_t number);
  // Whether it has had its chances.
  bool IsBad(uint64_t number) const;

 private:
  using Clock = std::chrono::steady_clock;
  struct Entry {
    uint64_t number;
    int times;
    Clock::time_point last;
  };
  std::vector<Entry> entries_;  // the oldest first
};

}  // namespace peel::server

#include "src/server/work/crash_record.h"

#include <algorithm>

#include "src/base/hash.h"

namespace peel::server {
namespace {

constexpr size_t kMostEntries = 64;
constexpr auto kRemembered = std::chrono::minutes(10);

}  // namespace

uint64_t CrashRecord::Number(std::span<const uint8_t> picture, bool always) const {
  return entries_.empty() && !always ? 0 : Hash64(picture);
}

void CrashRecord::Add(uint64_t number) {
  const Clock::time_point now = Clock::now();
  std::erase_if(entries_, [&](const Entry& entry) { return now - entry.last > kRemembered; });
  Entry entry = {number, 0, now};
  const auto known = std::ranges::find(entries_, number, &Entry::number);
  if (known != entries_.end()) {
    entry = *known;
    entries_.erase(known);
  }
  if (entries_.size() == kMostEntries) entries_.erase(entries_.begin());
  ++entry.times;
  entry.last = now;
  entries_.push_back(entry);
}

bool CrashRecord::IsBad(uint64_t number) const {
  const auto known = std::ranges::find(entries_, number, &Entry::number);
  return number != 0 && known != entries_.end() && known->times >= kMost &&
         Clock::now() - known->last <= kRemembered;
}

}  // namespace peel::server

#include "src/server/guard/guess_limit.h"

#include <algorithm>
#include <string>

#include "src/server/guard/peer.h"

namespace peel::server {
namespace {

using std::chrono::seconds;

constexpr int kTries = 10;
constexpr int kBlockTries = 100;
constexpr seconds kMinute{60}, kHour{3600};

std::string KnownName(std::string_view peer, std::string_view name) {
  return PeerGroup(peer).append(" ").append(name);
}

}  // namespace

int GuessLimit::Wait(const Tries* tries, Time now) {
  if (tries == nullptr || now >= tries->until) return 0;
  return static_cast<int>(std::chrono::ceil<seconds>(tries->until - now).count());
}

void GuessLimit::Count(Tries& tries, int most, Time now) {
  if (now - std::max(tries.last, tries.until) >= kHour) tries = {};
  if (tries.failed == 0 || now - tries.begin >= kMinute) {
    tries.failed = 0;
    tries.begin = now;
  }
  tries.last = now;
  if (++tries.failed < most) return;
  tries.failed = 0;
  const seconds wait = std::min(kMinute * (1 << std::min(tries.locked, 6)), kHour);
  ++tries.locked;
  tries.until = std::max(tries.until, now + wait);
}

int GuessLimit::WaitOf(std::string_view peer, Time now) {
  return std::max(Wait(groups_.Find(PeerGroup(peer)), now),
                  Wait(blocks_.Find(PeerBlock(peer)), now));
}

void GuessLimit::Failed(std::string_view peer, Time now) {
  Count(groups_.At(PeerGroup(peer)), kTries, now);
  Count(blocks_.At(PeerBlock(peer)), kBlockTries, now);
}

void GuessLimit::Succeeded(std::string_view peer, std::string_view name) {
  known_.At(KnownName(peer, name));
}

bool GuessLimit::IsKnown(std::string_view peer, std::string_view name) {
  return known_.Find(KnownName(peer, name)) != nullptr;
}

}  // namespace peel::server

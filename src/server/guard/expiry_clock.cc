#include "src/server/guard/expiry_clock.h"

namespace peel::server {
namespace {

using std::chrono::abs;
using std::chrono::minutes;

constexpr minutes kStep{1}, kStay{10};

}  // namespace

ExpiryClock::System ExpiryClock::Now(System system, Steady steady) {
  if (steady > at_) {
    time_ += std::chrono::duration_cast<System::duration>(steady - at_);
    at_ = steady;
  }
  const System::duration away = system - time_;
  if (abs(away) <= kStep) {
    stepped_ = false;
    time_ = system;
    return time_;
  }
  // Another step than the one that is being watched begins its ten minutes anew.
  if (!stepped_ || abs(away - step_) > kStep) {
    stepped_ = true;
    step_ = away;
    since_ = at_;
  } else if (at_ - since_ >= kStay) {
    stepped_ = false;
    time_ = system;
  }
  return time_;
}

}  // namespace peel::server

#pragma once

#include <chrono>

namespace peel::server {

// The time by which keys and links expire. It goes on by the steady clock; the system's is followed
// where it runs a little slower or faster, and after a step of more than a minute, either way, only
// once it has stayed there for ten minutes. So a clock that is set wrong for a moment neither makes
// what has expired good again nor all that is good expire, while one that was wrong at the start is
// put right in the end. A machine that slept has such a step too: what expired meanwhile is good
// for ten minutes more.
class ExpiryClock {
 public:
  using System = std::chrono::system_clock::time_point;
  using Steady = std::chrono::steady_clock::time_point;

  explicit ExpiryClock(System system = std::chrono::system_clock::now(),
                       Steady steady = std::chrono::steady_clock::now())
      : time_(system), at_(steady) {}

  System Now(System system = std::chrono::system_clock::now(),
             Steady steady = std::chrono::steady_clock::now());

 private:
  System time_;  // as it was at `at_`
  Steady at_;
  // The step that is not believed yet.
  bool stepped_ = false;
  System::duration step_{};
  Steady since_{};
};

}  // namespace peel::server

#pragma once

#include <algorithm>
#include <chrono>
#include <string_view>
#include <utility>
#include <vector>

namespace peel {

// Stages and the milliseconds they took, in order.
using StageTimes = std::vector<std::pair<std::string_view, double>>;

// Times stages one after the other: each call of Mark closes one.
class Stopwatch {
 public:
  explicit Stopwatch(StageTimes* times) : times_(times), last_(Clock::now()) {}
  void Mark(std::string_view stage) {
    const Clock::time_point now = Clock::now();
    times_->emplace_back(stage, std::chrono::duration<double, std::milli>(now - last_).count());
    last_ = now;
  }

 private:
  using Clock = std::chrono::steady_clock;
  StageTimes* times_;
  Clock::time_point last_;
};

// To the stage's time, where there is one already.
inline void AddTime(std::string_view stage, double milliseconds, StageTimes& times) {
  const auto known = std::find_if(times.begin(), times.end(),
                                  [&](const auto& entry) { return entry.first == stage; });
  if (known != times.end()) {
    known->second += milliseconds;
  } else {
    times.emplace_back(stage, milliseconds);
  }
}

// Adds the time of its own life to a stage that is entered again and again.
class StageTimer {
 public:
  StageTimer(std::string_view stage, StageTimes& times) : stage_(stage), times_(times) {}
  ~StageTimer() {
    AddTime(stage_, std::chrono::duration<double, std::milli>(Clock::now() - start_).count(),
            times_);
  }
  StageTimer(const StageTimer&) = delete;
  StageTimer& operator=(const StageTimer&) = delete;

 private:
  using Clock = std::chrono::steady_clock;
  const std::string_view stage_;
  StageTimes& times_;
  const Clock::time_point start_ = Clock::now();
};

}  // namespace peel

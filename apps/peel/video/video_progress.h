#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "apps/peel/console.h"
#include "src/video/video_options.h"

namespace peel {

// Where a film stands, on standard error: its name, frames, frames a second and the time left. On a
// terminal one line that is drawn anew; into a file or pipe, where that is wanted (kAlways), a line
// every few seconds and one at the end. By one thread at a time.
class VideoProgressLine {
 public:
  VideoProgressLine(Console::Progress mode, bool quiet);
  ~VideoProgressLine() { Clear(); }
  VideoProgressLine(const VideoProgressLine&) = delete;
  VideoProgressLine& operator=(const VideoProgressLine&) = delete;

  // place: "2/7 " of several films, else "".
  void Begin(std::string_view place, std::string_view name);
  void Show(const video::VideoProgress& now) noexcept;
  void Clear() noexcept;  // before other messages

 private:
  using Clock = std::chrono::steady_clock;
  const bool terminal_, wanted_;
  std::string name_;
  Clock::time_point next_;
  bool shown_ = false;
};

}  // namespace peel

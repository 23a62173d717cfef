#include "apps/peel/video/video_progress.h"

#include <fmt/core.h>

#include <utility>

#include "src/base/os/file.h"
#include "src/base/os/terminal.h"

namespace peel {

VideoProgressLine::VideoProgressLine(Console::Progress mode, bool quiet)
    : terminal_(IsTerminal(kStandardError)),
      wanted_(mode == Console::Progress::kAlways ||
              (mode == Console::Progress::kAuto && terminal_ && !quiet)) {}

void VideoProgressLine::Begin(std::string_view place, std::string_view name) {
  Clear();
  name_ = std::string(place) + OneLine(name);
  next_ = Clock::now();
}

void VideoProgressLine::Show(const video::VideoProgress& now) noexcept {
  const bool last = now.all && now.frames >= *now.all;
  if (!wanted_ || (!last && Clock::now() < next_)) return;
  try {
    next_ = Clock::now() + (terminal_ ? std::chrono::milliseconds(100) : std::chrono::seconds(5));
    std::string text = fmt::format("{} frames", now.frames);
    if (now.all) text = fmt::format("{}/{} frames", now.frames, *now.all);
    if (now.frames_per_second > 0) {
      text += fmt::format(" {:.{}f} frames/s", now.frames_per_second,
                          now.frames_per_second < 10 ? 1 : 0);
    }
    if (now.left && !last) text += fmt::format(" {} left", HumanTime(*now.left));
    if (!terminal_) {
      WriteMessage(name_ + " " + text + "\n");
      return;
    }
    const int told = TerminalColumns(kStandardError);
    const size_t columns = static_cast<size_t>(told > 0 ? told : 80);
    const size_t room = columns > text.size() + 2 ? columns - text.size() - 2 : 0;
    const std::string name = name_.size() <= room ? name_ : name_.substr(name_.size() - room);
    shown_ = true;
    WriteMessage("\r\x1b[K" + text + " " + name);
  } catch (...) {  // no memory for a few words: the film goes on
    shown_ = false;
  }
}

void VideoProgressLine::Clear() noexcept {
  if (std::exchange(shown_, false)) WriteMessage("\r\x1b[K");
}

}  // namespace peel

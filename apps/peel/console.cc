#include "apps/peel/console.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>

namespace peel {

ExitCode ExitCodeFor(const Status& status) {
  if (status.ok()) return kExitDone;
  return status.code() == StatusCode::kInvalidArgument ? kExitUsage : kExitNothing;
}

void Console::Line(std::string_view kind, std::string_view text) {
  const std::lock_guard lock(mutex_);
  Erase();
  fmt::print(stderr, "peel: {}{}\n", kind, text);
  Draw();
}

void Console::StartProgress(Progress mode, int total) {
  const std::lock_guard lock(mutex_);
  terminal_ = isatty(STDERR_FILENO) != 0;
  bar_ =
      mode == Progress::kAlways || (mode == Progress::kAuto && terminal_ && !quiet_ && total > 1);
  total_ = total;
  done_ = 0;
  Draw();
}

void Console::Step(std::string_view name) {
  const std::lock_guard lock(mutex_);
  ++done_;
  current_ = name;
  Erase();
  Draw();
}

void Console::EndProgress() {
  const std::lock_guard lock(mutex_);
  Erase();
  bar_ = false;
}

void Console::Erase() {
  if (bar_ && terminal_) fmt::print(stderr, "\r\x1b[K");
}

void Console::Draw() {
  if (!bar_ || total_ == 0) return;
  if (!terminal_) {  // --progress always into a file or pipe: one line a picture
    if (done_ > 0 && !current_.empty()) fmt::print(stderr, "{}/{} {}\n", done_, total_, current_);
    current_.clear();
    return;
  }
  winsize size = {};
  const int columns =
      ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
  const std::string counts = fmt::format(" {}/{} ", done_, total_);
  const int width = std::clamp(columns / 3, 10, 40);
  const int filled = static_cast<int>(int64_t{width} * done_ / total_);
  std::string line = fmt::format("[{:#<{}}{:.<{}}]{}", "", filled, "", width - filled, counts);
  const size_t room = static_cast<size_t>(std::max(0, columns - 1 - static_cast<int>(line.size())));
  line += current_.size() <= room ? current_ : current_.substr(current_.size() - room);
  fmt::print(stderr, "{}", line);
  std::fflush(stderr);
}

std::string HumanBytes(uint64_t bytes) {
  if (bytes < 1000) return fmt::format("{} bytes", bytes);
  const char* const units[] = {"kB", "MB", "GB", "TB"};
  double value = static_cast<double>(bytes) / 1000;
  size_t unit = 0;
  while (value >= 1000 && unit + 1 < std::size(units)) {
    value /= 1000;
    ++unit;
  }
  return fmt::format("{:.1f} {}", value, units[unit]);
}

}  // namespace peel

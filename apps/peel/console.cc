#include "apps/peel/console.h"

#include <algorithm>
#include <cerrno>
#include <cmath>

#include "src/base/os/descriptor.h"
#include "src/base/os/file.h"
#include "src/base/os/terminal.h"
#include "src/base/utf8.h"

namespace peel {

ExitCode ExitCodeFor(const Status& status) {
  if (status.ok()) return kExitDone;
  return status.code() == StatusCode::kInvalidArgument ? kExitUsage : kExitNothing;
}

namespace {

constexpr int kPatience = 1000;  // milliseconds

// Both with the mutex of WriteMessage held. Whether standard error took the last message: where it
// did not, the next ones do not wait for it.
bool messages_pass = true;
// Whether only a part of a text went out before standard error took no more.
bool line_torn = false;

// Formatting needs memory; where there is none, the message is lost and the work goes on.
template <typename Make>
void Tell(std::mutex& mutex, Make make) noexcept {
  try {
    const std::lock_guard lock(mutex);
    WriteMessage(make());
  } catch (...) {
  }
}

}  // namespace

void WriteMessage(std::string_view text) noexcept {
  static std::mutex mutex;  // one text at a time, whoever it comes from
  if (text.empty()) return;
  const std::lock_guard lock(mutex);
  if (line_torn && WriteOnce(kStandardError, "\n", 1) == 1) line_torn = false;
  bool begun = false;
  while (!text.empty()) {
    const ptrdiff_t n = WriteOnce(kStandardError, text.data(), text.size());
    if (n >= 0) {
      begun = begun || n > 0;
      text.remove_prefix(static_cast<size_t>(n));
      continue;
    }
    if (errno == EINTR) continue;
    // A pipe that does not block and is full: its reader gets a moment, once.
    if ((errno != EAGAIN && errno != EWOULDBLOCK) ||
        !WaitWritable(kStandardError, messages_pass ? kPatience : 0)) {
      messages_pass = false;
      if (begun) line_torn = true;
      return;
    }
  }
  messages_pass = true;
}

void Console::Line(std::string_view kind, std::string_view text) noexcept {
  Tell(mutex_, [&] { return Erase() + fmt::format("peel: {}{}\n", kind, OneLine(text)) + Bar(); });
}

void Console::StartProgress(Progress mode, int total) noexcept {
  Tell(mutex_, [&] {
    terminal_ = IsTerminal(kStandardError);
    bar_ =
        mode == Progress::kAlways || (mode == Progress::kAuto && terminal_ && !quiet_ && total > 1);
    total_ = total;
    done_ = 0;
    worked_ = 0;
    start_ = std::chrono::steady_clock::now();
    return Bar();
  });
}

void Console::Step(std::string_view name, bool worked) noexcept {
  Tell(mutex_, [&] {
    ++done_;
    worked_ += worked;
    current_ = OneLine(name);
    return Erase() + Bar();
  });
}

void Console::EndProgress() noexcept {
  Tell(mutex_, [&] {
    std::string text = Erase();
    bar_ = false;
    return text;
  });
}

std::string Console::Erase() const { return bar_ && terminal_ ? "\r\x1b[K" : ""; }

std::string Console::Bar() {
  if (!bar_ || total_ == 0) return "";
  if (!terminal_) {  // --progress always into a file or pipe: one line a picture
    const std::string name = std::exchange(current_, "");
    return done_ > 0 && !name.empty() ? fmt::format("{}/{} {}\n", done_, total_, name) : "";
  }
  const int told = TerminalColumns(kStandardError), columns = told > 0 ? told : 80;
  std::string counts = fmt::format(" {}/{} ", done_, total_);
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  if (worked_ > 0 && seconds > 0) {
    const double rate = worked_ / seconds;
    counts += fmt::format("{:.{}f} images/s ", rate, rate < 10 ? 1 : 0);
    if (done_ < total_) counts += HumanTime((total_ - done_) / rate) + " left ";
  }
  const int width = std::clamp(columns / 3, 10, 40);
  const int filled = static_cast<int>(int64_t{width} * done_ / total_);
  std::string line = fmt::format("[{:#<{}}{:.<{}}]{}", "", filled, "", width - filled, counts);
  const size_t room = static_cast<size_t>(std::max(0, columns - 1 - static_cast<int>(line.size())));
  line += current_.size() <= room ? current_ : current_.substr(current_.size() - room);
  return line;
}

StageLine::StageLine(bool quiet) : terminal_(!quiet && IsTerminal(kStandardError)) {}

void StageLine::Show(std::string_view text) noexcept {
  if (!terminal_) return;
  shown_ = true;
  try {
    WriteMessage("\r\x1b[K" + OneLine(text));
  } catch (...) {  // as in Tell
  }
}

void StageLine::Clear() noexcept {
  if (std::exchange(shown_, false)) WriteMessage("\r\x1b[K");
}

std::string HumanTime(double seconds) {
  const auto whole = int64_t{std::lround(std::min(seconds, 1e9))};
  const int64_t hours = whole / 3600, minutes = whole / 60 % 60;
  return hours > 0 ? fmt::format("{}:{:02}:{:02}", hours, minutes, whole % 60)
                   : fmt::format("{}:{:02}", minutes, whole % 60);
}

namespace {

// The bytes of the UTF-8 character that the text begins with; 0 where it is none that may be shown.
size_t ShownLength(std::string_view text) {
  const Utf8Character first = FirstUtf8Character(text);
  // U+0080 to U+009F are control characters too.
  const bool is_control = first.code < 0x20 || (first.code >= 0x7F && first.code < 0xA0);
  return first.is_valid && !is_control ? first.size : 0;
}

}  // namespace

std::string OneLine(std::string_view text) {
  std::string line;
  while (!text.empty()) {
    size_t length = ShownLength(text);
    if (length > 0) {
      line += text.substr(0, length);
    } else if (text[0] == '\n') {
      line += "\\n";
    } else if (text[0] == '\t') {
      line += "\\t";
    } else {
      line += fmt::format("\\x{:02X}", static_cast<unsigned char>(text[0]));
    }
    text.remove_prefix(std::max<size_t>(length, 1));
  }
  return line;
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

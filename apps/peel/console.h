#pragma once

#include <fmt/core.h>

#include <chrono>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "src/base/status.h"

namespace peel {

// The program's exit codes.
enum ExitCode : int {
  kExitDone = 0,
  kExitSomeFailed = 1,  // some inputs failed, the others were written
  kExitUsage = 2,       // wrong usage
  kExitNothing = 3,     // model missing or broken, device refused under --strict
};

// The exit code for a failure that is not one of several inputs'.
ExitCode ExitCodeFor(const Status& status);

// The one way to standard error, by any thread: all of the text in one write, or where standard
// error takes nothing (closed, a full disk, a reader that is gone, a full pipe that does not block)
// none of it. A message is never a reason to stop: nothing is thrown and nothing is told.
void WriteMessage(std::string_view text) noexcept;

// Messages to standard error by WriteMessage, one line each whatever file names hold (control
// characters and bytes that are no UTF-8 are shown as \n, \x1B …), never torn by another thread or
// by the progress bar. Results go to standard output (apps/peel/output.h).
class Console {
 public:
  enum class Progress { kAuto, kAlways, kNever };

  void set_quiet(bool quiet) { quiet_ = quiet; }
  void set_verbose(bool verbose) { verbose_ = verbose; }
  bool verbose() const { return verbose_; }

  void Error(std::string_view text) noexcept { Line("error: ", text); }
  void Warn(std::string_view text) noexcept {
    if (!quiet_) Line("warning: ", text);
  }
  // For the curious only (-v).
  void Detail(std::string_view text) noexcept {
    if (verbose_) Line("", text);
  }
  // What a user of several files wants to read at the end.
  void Note(std::string_view text) noexcept {
    if (!quiet_) Line("", text);
  }

  // kAuto shows a bar on a terminal, for more than one file: pictures a second, time left.
  void StartProgress(Progress mode, int total) noexcept;
  // worked: false for what was only skipped, which says nothing about the speed.
  void Step(std::string_view name, bool worked = true) noexcept;
  void EndProgress() noexcept;

 private:
  void Line(std::string_view kind, std::string_view text) noexcept;
  std::string Bar();          // what draws it; mutex_ held
  std::string Erase() const;  // what takes it away; mutex_ held

  std::mutex mutex_;
  bool quiet_ = false;
  bool verbose_ = false;
  bool bar_ = false;
  bool terminal_ = false;
  int total_ = 0;
  int done_ = 0;
  int worked_ = 0;
  std::chrono::steady_clock::time_point start_;
  std::string current_;
};

// Where a command of several stages stands, such as "calibrating 3/32": on a terminal, each text
// over the one before, taken away in the end; elsewhere nothing.
class StageLine {
 public:
  explicit StageLine(bool quiet);
  ~StageLine() { Clear(); }
  StageLine(const StageLine&) = delete;
  StageLine& operator=(const StageLine&) = delete;

  void Show(std::string_view text) noexcept;
  void Clear() noexcept;  // before other messages

 private:
  const bool terminal_;
  bool shown_ = false;
};

// "1.8 MB", "12 bytes".
std::string HumanBytes(uint64_t bytes);

// "2:05", "1:02:05".
std::string HumanTime(double seconds);

// Text that stays on its line: control characters and what is no UTF-8 as \n, \t, \xE9.
std::string OneLine(std::string_view text);

}  // namespace peel

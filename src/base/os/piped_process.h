#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/cancel.h"
#include "src/base/os/child_process.h"
#include "src/base/status.h"

namespace peel {

struct PipedOptions {
  bool input = false;  // its standard input is a pipe from here; else /dev/null
  bool output = true;  // its standard output is read here; else it is read and thrown away
  // It is taken for hung where it is waited for and neither reads, writes nor says anything for so
  // long.
  std::chrono::milliseconds patience{60'000};
  std::string patience_advice = {};  // how the user has it waited for longer, for the message
  const CancelToken* cancel = nullptr;
  // Gets each line of its standard error, in a thread of its own. Neither ends nor control
  // characters; long lines are cut.
  std::function<void(std::string_view line)> on_line = {};
};

// A program that this process talks to through pipes, as large as the system lets them be. What it
// writes to standard error is always read, so that it never waits for that, and its last lines are
// kept for messages. It has none of this process's other descriptors, takes no notice of the
// terminal's signals (it is a process group of its own), and ends with this process. The destructor
// kills it, with what it has started in its group.
class PipedProcess {
 public:
  // `program` is a path, as FindProgram gives it. kNotFound, kIo, kOutOfMemory (no further process
  // is to be had).
  static Result<std::unique_ptr<PipedProcess>> Start(const std::string& program,
                                                     const std::vector<std::string>& arguments,
                                                     PipedOptions options);
  ~PipedProcess();

  // At least one byte of its standard output; 0 at the end. kCancelled; kIo where it hangs, which
  // ends it.
  Result<size_t> Read(std::span<uint8_t> into);
  // All of them to its standard input. kIo, which names the end of a program that is gone, and its
  // last words; kCancelled.
  Status Write(std::span<const uint8_t> bytes);
  void CloseInput();
  // Waits for its end; kCancelled, kIo where it hangs.
  Result<ProcessEnd> Wait();

  void Kill();
  int pid() const;
  // The last lines that it wrote to standard error, joined by "; ". "": it wrote none.
  std::string LastWords() const;

 private:
  struct Impl;
  explicit PipedProcess(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace peel

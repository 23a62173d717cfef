#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "src/base/status.h"

namespace peel {

// A process that was started and is ended by this one: the destructor kills it and waits for it.
class ChildProcess {
 public:
  static constexpr int kDescriptor = 3;

  ChildProcess() = default;
  ChildProcess(ChildProcess&& o) noexcept { *this = static_cast<ChildProcess&&>(o); }
  ChildProcess& operator=(ChildProcess&& o) noexcept;
  ~ChildProcess();

  // `fd` becomes its descriptor kDescriptor; 0 to 2 are /dev/null (in a build with a sanitizer 2
  // stays, for its reports). The signals that a terminal sends to all of its processes (SIGINT,
  // SIGTERM, SIGHUP) are blocked in it, until it has said what they mean to it. kIo, kOutOfMemory
  // (no further process is allowed).
  static Result<ChildProcess> Start(const std::string& program,
                                    const std::vector<std::string>& arguments, int fd);

  pid_t pid() const { return pid_; }  // -1: none
  void Kill();
  // Waits for its end and returns waitpid's status; -1 where that is not known.
  int Wait();
  // The same for one that is about to end; a second later it is killed, and -1 returned.
  int WaitBriefly();

 private:
  pid_t pid_ = -1;
};

// "signal 11, Segmentation fault", "exit code 3", "an unknown reason".
std::string EndText(int wait_status);

}  // namespace peel

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "src/base/status.h"

namespace peel {

// How a process ended. Both unknown: somebody else has waited for it.
struct ProcessEnd {
  static constexpr int kKill = 9;  // the signal that nobody survives

  int signal = 0;  // that ended it; 0: none did
  int code = -1;   // that it returned; -1: none
};

// "signal 11, Segmentation fault", "exit code 3", "an unknown reason".
std::string EndText(const ProcessEnd& end);
// "Segmentation fault" for 11.
std::string SignalName(int signal);

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

  // One that shares this process's descriptors (as far as they are inherited) and signals.
  // `program` is looked for where a shell would. kIo.
  static Result<ChildProcess> StartShared(const std::string& program,
                                          const std::vector<std::string>& arguments);

  int pid() const { return pid_; }  // -1: none
  void Kill();
  void Terminate();  // asks it to end
  ProcessEnd Wait();
  // The same for one that is about to end; a second later it is killed, and its end unknown.
  ProcessEnd WaitBriefly();
  // nullopt while it runs.
  std::optional<ProcessEnd> TryWait();

 private:
  int pid_ = -1;
};

// Runs a program, gives it `input` on standard input, and takes all of its standard output; its
// standard error is this process's. kIo where it cannot be started.
struct Conversation {
  std::string output;
  ProcessEnd end;
};
Result<Conversation> Converse(const std::string& program, const std::vector<std::string>& arguments,
                              const std::string& input);

// The path of a program by its name, found where a shell would: the folders of PATH, or the name
// itself where there is a slash in it. "": there is none that may be run.
std::string FindProgram(const std::string& name);

// From now on it is known how children end, even where the parent had this process not care.
void CareForChildren();

}  // namespace peel

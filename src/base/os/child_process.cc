#include "src/base/os/child_process.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>
#include <utility>

extern char** environ;

namespace peel {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kQuiet = false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool kQuiet = false;
#else
constexpr bool kQuiet = true;
#endif
#else
constexpr bool kQuiet = true;
#endif

}  // namespace

ChildProcess& ChildProcess::operator=(ChildProcess&& o) noexcept {
  if (this == &o) return *this;
  Kill();
  Wait();
  pid_ = std::exchange(o.pid_, -1);
  return *this;
}

ChildProcess::~ChildProcess() {
  Kill();
  Wait();
}

Result<ChildProcess> ChildProcess::Start(const std::string& program,
                                         const std::vector<std::string>& arguments, int fd) {
  std::vector<char*> argv = {const_cast<char*>(program.c_str())};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  // In this order: `fd` may be one of 0 to 2.
  posix_spawn_file_actions_adddup2(&actions, fd, kDescriptor);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  if (kQuiet) posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t blocked;
  sigemptyset(&blocked);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&blocked, signal);
  posix_spawnattr_setsigmask(&attributes, &blocked);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  ChildProcess child;
  const int error =
      posix_spawn(&child.pid_, program.c_str(), &actions, &attributes, argv.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error == 0) return child;
  child.pid_ = -1;
  const std::string text =
      "cannot start " + program + " (" + std::generic_category().message(error) + ")";
  return error == EAGAIN || error == ENOMEM ? OutOfMemory(text) : IoError(text);
}

void ChildProcess::Kill() {
  if (pid_ > 0) kill(pid_, SIGKILL);
}

int ChildProcess::Wait() {
  if (pid_ <= 0) return -1;
  int status = -1;
  while (waitpid(pid_, &status, 0) < 0) {
    if (errno == EINTR) continue;
    status = -1;  // somebody else has waited for it
    break;
  }
  pid_ = -1;
  return status;
}

int ChildProcess::WaitBriefly() {
  for (int i = 0; i < 200 && pid_ > 0; ++i) {
    int status = -1;
    const pid_t ended = waitpid(pid_, &status, WNOHANG);
    if (ended == 0 || (ended < 0 && errno == EINTR)) {
      usleep(5000);
      continue;
    }
    pid_ = -1;
    return ended > 0 ? status : -1;
  }
  Kill();
  Wait();
  return -1;
}

std::string EndText(int wait_status) {
  if (wait_status != -1 && WIFSIGNALED(wait_status)) {
    const int signal = WTERMSIG(wait_status);
    const char* const name = sigdescr_np(signal);
    return "signal " + std::to_string(signal) + (name != nullptr ? ", " + std::string(name) : "");
  }
  if (wait_status != -1 && WIFEXITED(wait_status)) {
    return "exit code " + std::to_string(WEXITSTATUS(wait_status));
  }
  return "an unknown reason";
}

}  // namespace peel

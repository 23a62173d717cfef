#include "src/base/os/worker_process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <filesystem>
#include <iterator>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace peel {
namespace {

constexpr auto kDescriptor = ChildProcess::kDescriptor;

void IgnoreTerminal() {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) std::signal(signal, SIG_IGN);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

[[noreturn]] void RunChild(int fd, int parent, FunctionRef<int()> child) {
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  if (getppid() != parent) _exit(0);  // it has ended before it could be told of
  if (fd != kDescriptor && dup2(fd, kDescriptor) < 0) _exit(2);
  close_range(static_cast<unsigned>(kDescriptor) + 1, ~0U, 0);
  _exit(child());
}

// The kilobytes behind a name in smaps_rollup.
uint64_t Kilobytes(std::string_view text, std::string_view name) {
  const size_t at = text.find(name);
  if (at == std::string_view::npos) return 0;
  const size_t digits = text.find_first_of("0123456789", at + name.size());
  if (digits == std::string_view::npos) return 0;
  uint64_t value = 0;
  std::from_chars(text.data() + digits, text.data() + text.size(), value);
  return value;
}

}  // namespace

int CountThreads() {
  std::error_code error;
  const std::filesystem::directory_iterator tasks("/proc/self/task", error);
  if (error) return 0;
  const auto threads = static_cast<int>(std::distance(begin(tasks), end(tasks)));
#if defined(__SANITIZE_THREAD__)
  // Its runtime adds one of its own to the first that is started, and starts it anew in a copy.
  return threads > 1 ? threads - 1 : threads;
#else
  return threads;
#endif
}

Result<ForkedProcess> Fork(int fd, FunctionRef<int()> child) {
  if (const int threads = CountThreads(); threads > 1) {
    return Internal("a process of " + std::to_string(threads) + " threads cannot be copied");
  }
  const int parent = getpid();
  ForkedProcess forked;
  forked.pid = fork();
  if (forked.pid == 0) RunChild(fd, parent, child);
  if (forked.pid < 0) {
    return OutOfMemory("no further process is to be had (" +
                       std::generic_category().message(errno) + ")");
  }
  forked.handle = UniqueFd(static_cast<int>(syscall(SYS_pidfd_open, forked.pid, 0)));
  if (!forked.handle) {
    const int error = errno;
    kill(forked.pid, SIGKILL);
    waitpid(forked.pid, nullptr, 0);
    return IoError("a process cannot be watched (" + std::generic_category().message(error) + ")");
  }
  return forked;
}

std::optional<ProcessEnd> Reap(int pid) {
  int status = 0;
  pid_t ended = 0;
  do {
    ended = waitpid(pid, &status, WNOHANG);
  } while (ended < 0 && errno == EINTR);
  if (ended == 0) return std::nullopt;
  if (ended < 0) return ProcessEnd{};
  if (WIFSIGNALED(status)) return ProcessEnd{.signal = WTERMSIG(status)};
  return ProcessEnd{.code = WEXITSTATUS(status)};
}

void KillByHandle(int handle) {
  if (handle >= 0) syscall(SYS_pidfd_send_signal, handle, SIGKILL, nullptr, 0);
}

void StandAside(int descriptor) {
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  std::signal(SIGCHLD, SIG_DFL);
  IgnoreTerminal();
  close_range(static_cast<unsigned>(descriptor) + 1, ~0U, 0);
  fcntl(descriptor, F_SETFD, FD_CLOEXEC);
}

int WaitForAny(std::span<const int> descriptors, int milliseconds) {
  std::vector<pollfd> polls;
  polls.reserve(descriptors.size());
  for (const int fd : descriptors) polls.push_back({fd, POLLIN, 0});
  if (poll(polls.data(), polls.size(), milliseconds) <= 0) return -1;
  for (size_t i = 0; i < polls.size(); ++i) {
    if (polls[i].revents != 0) return static_cast<int>(i);
  }
  return -1;
}

UniqueFd OpenMemoryShare() {
  return UniqueFd(open("/proc/self/smaps_rollup", O_RDONLY | O_CLOEXEC));
}

MemoryShare ReadMemoryShare(int descriptor) {
  std::array<char, 4096> buffer = {};
  const ssize_t got = pread(descriptor, buffer.data(), buffer.size(), 0);
  if (got <= 0) return {};
  const std::string_view text(buffer.data(), static_cast<size_t>(got));
  return {Kilobytes(text, "\nPss:") << 10, Kilobytes(text, "\nPrivate_Dirty:") << 10};
}

}  // namespace peel

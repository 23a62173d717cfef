#include "src/base/os/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <system_error>
#include <utility>

#include "src/base/os/file.h"

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

// The words of a command line as the system takes them. They must outlive it.
std::vector<char*> Pointers(const std::string& program, const std::vector<std::string>& arguments) {
  std::vector<char*> argv = {const_cast<char*>(program.c_str())};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  return argv;
}

ProcessEnd EndFrom(int wait_status) {
  if (WIFSIGNALED(wait_status)) return {.signal = WTERMSIG(wait_status)};
  return {.code = WEXITSTATUS(wait_status)};
}

// waitpid that a signal does not end.
pid_t WaitFor(pid_t pid, int* status, int flags) {
  for (;;) {
    const pid_t ended = waitpid(pid, status, flags);
    if (ended >= 0 || errno != EINTR) return ended;
  }
}

struct Pipe {
  int ends[2] = {-1, -1};
  bool Open() { return pipe2(ends, O_CLOEXEC) == 0; }
  void Close(int end) {
    if (ends[end] >= 0) close(ends[end]);
    ends[end] = -1;
  }
  ~Pipe() {
    Close(0);
    Close(1);
  }
};

// The whole output of the child; the input is written while it is read, so that neither waits.
std::string Talk(int to, int from, Pipe& in, const std::string& input) {
  std::string output;
  size_t written = 0;
  for (;;) {
    pollfd polls[] = {{from, POLLIN, 0}, {to, POLLOUT, 0}};
    const bool writing = written < input.size();
    if (poll(polls, writing ? 2 : 1, -1) < 0 && errno != EINTR) break;
    if (writing && (polls[1].revents & (POLLOUT | POLLERR | POLLHUP)) != 0) {
      const ssize_t n = write(to, input.data() + written, input.size() - written);
      written = n > 0 ? written + static_cast<size_t>(n) : input.size();
      if (written == input.size()) in.Close(1);
    }
    if ((polls[0].revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
      char buffer[1 << 14];
      const ssize_t n = read(from, buffer, sizeof(buffer));
      if (n <= 0) break;
      output.append(buffer, static_cast<size_t>(n));
    }
  }
  return output;
}

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
  std::vector<char*> argv = Pointers(program, arguments);
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

Result<ChildProcess> ChildProcess::StartShared(const std::string& program,
                                               const std::vector<std::string>& arguments) {
  std::vector<char*> argv = Pointers(program, arguments);
  ChildProcess child;
  const int error =
      posix_spawnp(&child.pid_, program.c_str(), nullptr, nullptr, argv.data(), environ);
  if (error == 0) return child;
  child.pid_ = -1;
  return IoError("cannot start " + program + " (" + std::generic_category().message(error) + ")");
}

void ChildProcess::Kill() {
  if (pid_ > 0) kill(pid_, SIGKILL);
}

void ChildProcess::Terminate() {
  if (pid_ > 0) kill(pid_, SIGTERM);
}

ProcessEnd ChildProcess::Wait() {
  if (pid_ <= 0) return {};
  int status = 0;
  const pid_t ended = WaitFor(pid_, &status, 0);
  pid_ = -1;
  return ended > 0 ? EndFrom(status) : ProcessEnd{};
}

std::optional<ProcessEnd> ChildProcess::TryWait() {
  if (pid_ <= 0) return ProcessEnd{};
  int status = 0;
  const pid_t ended = WaitFor(pid_, &status, WNOHANG);
  if (ended == 0) return std::nullopt;
  pid_ = -1;
  return ended > 0 ? EndFrom(status) : ProcessEnd{};
}

ProcessEnd ChildProcess::WaitBriefly() {
  for (int i = 0; i < 200 && pid_ > 0; ++i) {
    if (const auto end = TryWait()) return *end;
    usleep(5000);
  }
  Kill();
  Wait();
  return {};
}

Result<Conversation> Converse(const std::string& program, const std::vector<std::string>& arguments,
                              const std::string& input) {
  Pipe in, out;
  if (!in.Open() || !out.Open()) return IoError("no pipe is to be had");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in.ends[0], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out.ends[1], STDOUT_FILENO);
  std::vector<char*> argv = Pointers(program, arguments);
  pid_t child = -1;
  const int error = posix_spawn(&child, program.c_str(), &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    return IoError("no process is to be had: " + std::generic_category().message(error));
  }
  in.Close(0);
  out.Close(1);
  Conversation talk;
  talk.output = Talk(in.ends[1], out.ends[0], in, input);
  int status = 0;
  if (WaitFor(child, &status, 0) > 0) talk.end = EndFrom(status);
  return talk;
}

std::string FindProgram(const std::string& name) {
  const auto runs = [](const std::string& path) {
    const auto info = InfoOf(path);
    return info && info->is_file() && access(path.c_str(), X_OK) == 0;
  };
  if (name.empty()) return "";
  if (name.find('/') != std::string::npos) return runs(name) ? name : "";
  const char* const variable = std::getenv("PATH");
  std::string_view folders = variable != nullptr ? variable : "/usr/local/bin:/usr/bin:/bin";
  for (;;) {
    const size_t colon = folders.find(':');
    const std::string folder(folders.substr(0, colon));
    std::string path = (folder.empty() ? "." : folder) + "/" + name;
    if (runs(path)) return path;
    if (colon == std::string_view::npos) return "";
    folders.remove_prefix(colon + 1);
  }
}

void CareForChildren() { std::signal(SIGCHLD, SIG_DFL); }

std::string EndText(const ProcessEnd& end) {
  if (end.signal != 0) {
    const char* const name = sigdescr_np(end.signal);
    return "signal " + std::to_string(end.signal) +
           (name != nullptr ? ", " + std::string(name) : "");
  }
  if (end.code >= 0) return "exit code " + std::to_string(end.code);
  return "an unknown reason";
}

std::string SignalName(int signal) { return strsignal(signal); }

}  // namespace peel

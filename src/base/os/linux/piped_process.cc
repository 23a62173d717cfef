#include "src/base/os/piped_process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <deque>
#include <filesystem>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "src/base/os/unique_fd.h"

extern char** environ;

namespace peel {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kPipeBytes = 1 << 20;                      // what users other than root may have
constexpr size_t kLineBytes = 300;                       // of a line that is kept
constexpr size_t kLines = 6;                             // that are kept
constexpr auto kGlance = std::chrono::milliseconds(50);  // how often a cancellation is looked for

std::string Reason(int error) { return std::generic_category().message(error); }

struct Pipe {
  UniqueFd read, write;
  bool Open() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return false;
    read = UniqueFd(ends[0]);
    write = UniqueFd(ends[1]);
    return true;
  }
};

void Prepare(int fd) {
  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
  fcntl(fd, F_SETPIPE_SZ, kPipeBytes);  // may be refused: then it is smaller
}

// write(2) to a pipe whose reader may be gone, whatever this process makes of SIGPIPE: the library
// is no place to change that.
ssize_t WriteQuietly(int fd, const uint8_t* data, size_t size) {
  sigset_t pipe_signal, before, pending;
  sigemptyset(&pipe_signal);
  sigaddset(&pipe_signal, SIGPIPE);
  sigpending(&pending);
  const bool was_pending = sigismember(&pending, SIGPIPE) == 1;
  pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
  const ssize_t n = write(fd, data, size);
  const int error = errno;
  if (n < 0 && error == EPIPE && !was_pending) {
    const timespec none = {};
    while (sigtimedwait(&pipe_signal, nullptr, &none) < 0 && errno == EINTR) {
    }
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = error;
  return n;
}

// In the copy of the process that becomes the program: nothing here may allocate or lock.
[[noreturn]] void Become(const char* program, char* const* argv, int in, int out, int error_pipe,
                         int told, int parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  setpgid(0, 0);
  int error = 0;
  // Standard streams of this process may be closed, so that a pipe's end has a number below 3.
  const int safe[] = {fcntl(in, F_DUPFD_CLOEXEC, 10), fcntl(out, F_DUPFD_CLOEXEC, 10),
                      fcntl(error_pipe, F_DUPFD_CLOEXEC, 10), fcntl(told, F_DUPFD_CLOEXEC, 10)};
  if (getppid() == parent && dup2(safe[0], 0) == 0 && dup2(safe[1], 1) == 1 &&
      dup2(safe[2], 2) == 2 && dup3(safe[3], 3, O_CLOEXEC) == 3) {
    close_range(4, ~0U, 0);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGXFSZ, SIGCHLD}) {
      std::signal(signal, SIG_DFL);
    }
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    execve(program, argv, environ);
    error = errno;
    [[maybe_unused]] const ssize_t n = write(3, &error, sizeof(error));
  }
  _exit(127);
}

}  // namespace

struct PipedProcess::Impl {
  PipedOptions options;
  std::string name;  // the program's, for messages
  int owner = getpid();

  UniqueFd input, output, errors, discard, handle;
  std::thread watcher;
  std::atomic<Clock::rep> alive{0};  // when it showed its last sign of life

  mutable std::mutex mutex;
  std::condition_variable changed;
  bool started = false, ended = false;  // by mutex, as all that follows
  Status start_status;
  int pid = -1;  // -1 too once it has been waited for, as its number may be another's then
  ProcessEnd end;
  std::deque<std::string> lines;
  std::string line;

  void Live() { alive = Clock::now().time_since_epoch().count(); }
  bool IsSilent() const {
    return Clock::now() - Clock::time_point(Clock::duration(alive)) > options.patience;
  }

  void Watch(const std::string& program, const std::vector<std::string>& arguments);
  Status Spawn(const std::string& program, const std::vector<std::string>& arguments);
  bool Drain(int fd, bool keep);
  void TakeWords(std::string_view text);
  void EndLine();
  void Reap();
  void Kill();
  std::string Words() const;  // its last lines, behind a colon; needs the lock
  Status Hung();
  Status Gone();
};

// The thread that starts the process also waits for it: the system ends a child with the thread
// that started it (PR_SET_PDEATHSIG), so no other thread may come and go meanwhile.
void PipedProcess::Impl::Watch(const std::string& program,
                               const std::vector<std::string>& arguments) {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);  // signals are the other threads' to handle
  Status status = Spawn(program, arguments);
  const bool good = status.ok();
  {
    const std::lock_guard lock(mutex);
    start_status = std::move(status);
    started = true;
    ended = !good;
  }
  changed.notify_all();
  if (!good) return;
  bool words = true, thrown = static_cast<bool>(discard);
  for (bool running = true; running;) {
    pollfd polls[] = {{words ? errors.get() : -1, POLLIN, 0},
                      {thrown ? discard.get() : -1, POLLIN, 0},
                      {handle.get(), POLLIN, 0}};
    if (poll(polls, 3, -1) < 0 && errno != EINTR) break;
    if (polls[2].revents != 0) running = false;
    if (polls[0].revents != 0 || !running) words = words && Drain(errors.get(), true);
    if (polls[1].revents != 0) thrown = thrown && Drain(discard.get(), false);
  }
  if (!line.empty()) EndLine();
  Reap();
}

Status PipedProcess::Impl::Spawn(const std::string& program,
                                 const std::vector<std::string>& arguments) {
  Pipe in, out, err, told;
  UniqueFd null(open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!null || !out.Open() || !err.Open() || !told.Open() || (options.input && !in.Open())) {
    return IoError("no pipe to " + name + " is to be had (" + Reason(errno) + ")");
  }
  std::vector<char*> argv = {const_cast<char*>(program.c_str())};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  const int parent = getpid();
  const pid_t child = fork();
  if (child == 0) {
    Become(program.c_str(), argv.data(), options.input ? in.read.get() : null.get(),
           out.write.get(), err.write.get(), told.write.get(), parent);
  }
  if (child < 0) return OutOfMemory("cannot start " + program + " (" + Reason(errno) + ")");
  told.write.Reset();
  int error = 0;
  ssize_t got = 0;
  do {
    got = read(told.read.get(), &error, sizeof(error));
  } while (got < 0 && errno == EINTR);
  handle = UniqueFd(static_cast<int>(syscall(SYS_pidfd_open, child, 0)));
  if (got != 0 || !handle) {
    if (got == 0) error = errno;
    kill(child, SIGKILL);
    while (waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
    }
    const std::string text = "cannot start " + program + " (" + Reason(error) + ")";
    return error == ENOENT ? NotFound(text) : IoError(text);
  }
  errors = std::move(err.read);
  Prepare(errors.get());
  (options.output ? output : discard) = std::move(out.read);
  Prepare((options.output ? output : discard).get());
  if (options.input) {
    input = std::move(in.write);
    Prepare(input.get());
  }
  Live();
  const std::lock_guard lock(mutex);
  pid = child;
  return OkStatus();
}

// What there is to read. False at the end.
bool PipedProcess::Impl::Drain(int fd, bool keep) {
  std::array<char, 16384> buffer;
  for (;;) {
    const ssize_t n = read(fd, buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno == EAGAIN;
    if (n == 0) return false;
    Live();
    if (keep) TakeWords({buffer.data(), static_cast<size_t>(n)});
  }
}

void PipedProcess::Impl::TakeWords(std::string_view text) {
  for (const char c : text) {
    if (c == '\n' || c == '\r') {
      if (!line.empty()) EndLine();
    } else if (line.size() < kLineBytes) {
      const bool control = static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
      line += control ? ' ' : c;
    }
  }
}

void PipedProcess::Impl::EndLine() {
  if (options.on_line) options.on_line(line);
  const std::lock_guard lock(mutex);
  lines.push_back(std::exchange(line, {}));
  if (lines.size() > kLines) lines.pop_front();
}

void PipedProcess::Impl::Reap() {
  siginfo_t info = {};
  // First without taking its number away from it, which Kill may be using.
  while (waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT) < 0 && errno == EINTR) {
  }
  {
    const std::lock_guard lock(mutex);
    int status = 0;
    pid_t got = 0;
    do {
      got = waitpid(pid, &status, 0);
    } while (got < 0 && errno == EINTR);
    kill(-pid, SIGKILL);  // what it has left behind in its group
    pid = -1;
    if (got > 0) {
      if (WIFSIGNALED(status)) {
        end.signal = WTERMSIG(status);
      } else {
        end.code = WEXITSTATUS(status);
      }
    }
    ended = true;
  }
  changed.notify_all();
}

void PipedProcess::Impl::Kill() {
  const std::lock_guard lock(mutex);
  if (pid <= 0) return;
  kill(-pid, SIGKILL);
  kill(pid, SIGKILL);
}

Status PipedProcess::Impl::Hung() {
  Kill();
  const auto seconds = std::chrono::duration<double>(options.patience).count();
  std::array<char, 32> number{};
  std::snprintf(number.data(), number.size(), "%g", seconds);
  std::string text = name + " did nothing for " + number.data() + " seconds and was ended";
  if (!options.patience_advice.empty()) text += " (" + options.patience_advice + ")";
  const std::lock_guard lock(mutex);
  return IoError(text + Words());
}

std::string PipedProcess::Impl::Words() const {
  std::string text;
  for (const std::string& line : lines) text += (text.empty() ? ": " : "; ") + line;
  return text;
}

// For a program that reads no more: it has ended, or is about to.
Status PipedProcess::Impl::Gone() {
  std::unique_lock lock(mutex);
  if (!changed.wait_for(lock, std::chrono::seconds(2), [&] { return ended; })) {
    return IoError(name + " takes no more input");
  }
  return IoError(name + " ended before it was done (" + EndText(end) + ")" + Words());
}

PipedProcess::PipedProcess(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<PipedProcess>> PipedProcess::Start(const std::string& program,
                                                          const std::vector<std::string>& arguments,
                                                          PipedOptions options) {
  auto impl = std::make_unique<Impl>();
  impl->options = std::move(options);
  impl->name = std::filesystem::path(program).filename().string();
  Impl& inside = *impl;
  std::unique_ptr<PipedProcess> process(new PipedProcess(std::move(impl)));
  try {
    inside.watcher = std::thread([&] { inside.Watch(program, arguments); });
  } catch (const std::system_error&) {
    return OutOfMemory("no thread to watch " + inside.name + " is to be had");
  }
  std::unique_lock lock(inside.mutex);
  inside.changed.wait(lock, [&] { return inside.started; });
  if (!inside.start_status.ok()) {
    Status status = inside.start_status;
    lock.unlock();
    return status;
  }
  lock.unlock();
  return process;
}

PipedProcess::~PipedProcess() {
  if (impl_->owner != getpid()) {
    // A copy that somebody forked has neither the thread nor a say in the process.
    if (impl_->watcher.joinable()) impl_->watcher.detach();
    return;
  }
  impl_->Kill();
  if (impl_->watcher.joinable()) impl_->watcher.join();
}

Result<size_t> PipedProcess::Read(std::span<uint8_t> into) {
  impl_->Live();
  for (;;) {
    PEEL_RETURN_IF_ERROR(CheckCancelled(impl_->options.cancel));
    const ssize_t n = read(impl_->output.get(), into.data(), into.size());
    if (n >= 0) return static_cast<size_t>(n);
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return IoError("cannot read from " + impl_->name + ": " + Reason(errno));
    if (impl_->IsSilent()) return impl_->Hung();
    pollfd waiting = {impl_->output.get(), POLLIN, 0};
    if (poll(&waiting, 1, static_cast<int>(kGlance.count())) > 0) impl_->Live();
  }
}

Status PipedProcess::Write(std::span<const uint8_t> bytes) {
  if (!impl_->input) return Internal("nothing can be written to " + impl_->name);
  impl_->Live();
  while (!bytes.empty()) {
    PEEL_RETURN_IF_ERROR(CheckCancelled(impl_->options.cancel));
    const ssize_t n = WriteQuietly(impl_->input.get(), bytes.data(), bytes.size());
    if (n > 0) {
      impl_->Live();
      bytes = bytes.subspan(static_cast<size_t>(n));
      continue;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return impl_->Gone();
    if (impl_->IsSilent()) return impl_->Hung();
    pollfd waiting = {impl_->input.get(), POLLOUT, 0};
    poll(&waiting, 1, static_cast<int>(kGlance.count()));
  }
  return OkStatus();
}

void PipedProcess::CloseInput() { impl_->input.Reset(); }

Result<ProcessEnd> PipedProcess::Wait() {
  impl_->Live();
  std::unique_lock lock(impl_->mutex);
  while (!impl_->changed.wait_for(lock, kGlance, [&] { return impl_->ended; })) {
    PEEL_RETURN_IF_ERROR(CheckCancelled(impl_->options.cancel));
    if (!impl_->IsSilent()) continue;
    lock.unlock();
    return impl_->Hung();
  }
  return impl_->end;
}

void PipedProcess::Kill() { impl_->Kill(); }

int PipedProcess::pid() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->pid;
}

std::string PipedProcess::LastWords() const {
  const std::lock_guard lock(impl_->mutex);
  std::string text;
  for (const std::string& line : impl_->lines) text += (text.empty() ? "" : "; ") + line;
  return text;
}

}  // namespace peel

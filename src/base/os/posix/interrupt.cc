#include "src/base/os/interrupt.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace peel {
namespace {

constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP};

CancelToken interrupted;
volatile std::sig_atomic_t interrupt_signal = 0;
int wake[2] = {-1, -1};

void OnSignal(int signal) {
  const int error = errno;
  interrupt_signal = signal;
  interrupted.Cancel();
  Wake();
  for (const int other : kSignals) {
    struct sigaction action = {};
    if (sigaction(other, nullptr, &action) == 0 && action.sa_handler == OnSignal) {
      std::signal(other, SIG_DFL);
    }
  }
  errno = error;
}

}  // namespace

void CatchInterrupts() {
  if (wake[0] < 0 && pipe2(wake, O_CLOEXEC | O_NONBLOCK) != 0) wake[0] = wake[1] = -1;
  for (const int signal : kSignals) {
    if (std::signal(signal, OnSignal) == SIG_IGN) std::signal(signal, SIG_IGN);
  }
}

void IgnoreFailingWrites() {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
}

const CancelToken& Interrupted() { return interrupted; }

int WakeDescriptor() { return wake[0]; }

void Wake() {
  const char byte = 0;
  if (wake[1] >= 0) [[maybe_unused]]
    const ssize_t n = write(wake[1], &byte, 1);
}

void DieOfInterrupt() {
  std::signal(interrupt_signal, SIG_DFL);
  std::raise(interrupt_signal);
}

}  // namespace peel

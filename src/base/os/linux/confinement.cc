#include "src/base/os/confinement.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <system_error>
#include <thread>

namespace peel {
namespace {

void Limit(decltype(RLIMIT_CORE) which, rlim_t most) {
  rlimit limit = {};
  if (getrlimit(which, &limit) != 0) return;
  limit.rlim_cur = std::min(most, limit.rlim_max);
  limit.rlim_max = limit.rlim_cur;
  setrlimit(which, &limit);
}

}  // namespace

void Confine(int descriptor, int descriptors) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGXFSZ}) {
    std::signal(signal, SIG_IGN);
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  close_range(static_cast<unsigned>(descriptor) + 1, ~0U, 0);
  fcntl(descriptor, F_SETFD, FD_CLOEXEC);
  Limit(RLIMIT_CORE, 0);
  Limit(RLIMIT_NOFILE, static_cast<rlim_t>(descriptors));
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  // Where memory runs out, this process goes rather than the one with everybody's work.
  if (const int score = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC); score >= 0) {
    [[maybe_unused]] const ssize_t written = write(score, "800", 3);
    close(score);
  }
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);  // a core dump that goes to a program knows no limit
}

void LimitAddressSpace(uint64_t more) {
  if (const uint64_t now = AddressSpace(); now > 0) LimitAddressSpaceTo(now + more);
}

uint64_t AddressSpace() {
  uint64_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  return pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

void LimitAddressSpaceTo(uint64_t bytes) {
  rlimit limit = {};
  if (getrlimit(RLIMIT_AS, &limit) != 0) return;
  limit.rlim_cur = std::min<rlim_t>(bytes, limit.rlim_max);
  setrlimit(RLIMIT_AS, &limit);
}

void EndWithParent(int descriptor) {
  try {
    std::thread([descriptor] {
      pollfd end = {descriptor, POLLRDHUP, 0};
      while (poll(&end, 1, -1) <= 0 || (end.revents & (POLLRDHUP | POLLHUP | POLLERR)) == 0) {
      }
      _exit(0);
    }).detach();
  } catch (const std::system_error&) {
    // No thread to be had. This one ends it too early where the thread that started it goes first;
    // the parent starts another one then.
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  }
}

void CrashNow() {
  std::signal(SIGSEGV, SIG_DFL);
  raise(SIGSEGV);
}

void HangNow() {
  prctl(PR_SET_NAME, "hanging");  // so that a test need not guess when
  for (;;) pause();
}

}  // namespace peel

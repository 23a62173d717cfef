#include "src/base/os/process.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>

namespace peel {
namespace {

std::string TextOf(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string Variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// The base directory specification of freedesktop.org.
std::string InHome(const char* folder) {
  const std::string home = Variable("HOME");
  return home.empty() ? "" : home + folder;
}

}  // namespace

int ProcessId() { return getpid(); }

bool IsProcessGone(int process) { return kill(process, 0) != 0 && errno == ESRCH; }

// In the kernel's ticks. proc(5): field 22 of stat; the second one, the program's name in
// parentheses, may hold anything.
uint64_t ProcessStart(int process) {
  const std::string text = TextOf("/proc/" + std::to_string(process) + "/stat");
  size_t at = text.rfind(')');
  for (int field = 2; field < 22 && at != std::string::npos; ++field) at = text.find(' ', at + 1);
  uint64_t started = 0;
  if (at != std::string::npos) {
    std::from_chars(text.data() + at + 1, text.data() + text.size(), started);
  }
  return started;
}

// The kernel's boot, the machine, the host's name and the process namespace: equal names, or equal
// numbers of namespaces, do not suffice.
std::string ProcessSpace() {
  std::array<char, 256> host = {}, space = {};
  gethostname(host.data(), host.size() - 1);
  if (readlink("/proc/self/ns/pid", space.data(), space.size() - 1) < 0) space[0] = 0;
  std::string all = TextOf("/proc/sys/kernel/random/boot_id");
  all.append("\n").append(TextOf("/etc/machine-id")).append("\n");
  all.append(host.data()).append("\n").append(space.data());
  return all;
}

std::string OwnProgram() { return "/proc/self/exe"; }

void SetDefaultVariable(const char* name, const char* value) { setenv(name, value, /*replace=*/0); }

std::string UserCacheFolder() {
  // What is not absolute is to be ignored.
  if (std::string base = Variable("XDG_CACHE_HOME"); base.starts_with("/")) return base;
  return InHome("/.cache");
}

std::string UserConfigFolder() {
  if (std::string folder = Variable("XDG_CONFIG_HOME"); !folder.empty()) return folder;
  return InHome("/.config");
}

}  // namespace peel

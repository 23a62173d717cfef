#include "src/base/os/temporary_files.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>

#include "src/base/hash.h"

namespace peel {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMark = ".peel-";

std::string TextOf(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

uint64_t ThisSpace() {
  std::array<char, 256> host = {}, space = {};
  gethostname(host.data(), host.size() - 1);
  if (readlink("/proc/self/ns/pid", space.data(), space.size() - 1) < 0) space[0] = 0;
  std::string all = TextOf("/proc/sys/kernel/random/boot_id");
  all.append("\n").append(TextOf("/etc/machine-id")).append("\n");
  all.append(host.data()).append("\n").append(space.data());
  return Hash64(all);
}

// 0 where that cannot be found out. proc(5): field 22 of stat; the second one, the program's name
// in parentheses, may hold anything.
uint64_t StartOf(pid_t process) {
  const std::string text = TextOf("/proc/" + std::to_string(process) + "/stat");
  size_t at = text.rfind(')');
  for (int field = 2; field < 22 && at != std::string::npos; ++field) at = text.find(' ', at + 1);
  uint64_t started = 0;
  if (at != std::string::npos) {
    std::from_chars(text.data() + at + 1, text.data() + text.size(), started);
  }
  return started;
}

bool IsGone(const FileMaker& maker) {
  if (kill(maker.process, 0) != 0) return errno == ESRCH;
  const uint64_t started = StartOf(maker.process);
  return maker.started != 0 && started != 0 && maker.started != started;
}

// Takes "-NUMBER" off the front.
template <typename T>
bool TakeNumber(std::string_view& text, T& number) {
  if (!text.starts_with('-')) return false;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data() + 1, end, number);
  text.remove_prefix(static_cast<size_t>(rest - text.data()));
  return error == std::errc();
}

}  // namespace

FileMaker ThisProcess() {
  static const uint64_t space = ThisSpace();
  const pid_t self = getpid();
  static const pid_t first = self;  // after a fork the child's start is another
  static const uint64_t started = StartOf(first);
  return {space, self, self == first ? started : StartOf(self)};
}

std::string TemporaryName(const std::string& path, const FileMaker& maker) {
  static std::atomic<unsigned> counter{0};
  std::array<char, 17> space = {};
  std::snprintf(space.data(), space.size(), "%016llx",
                static_cast<unsigned long long>(maker.space));
  // A long file name must not push the temporary one over the limit of 255 bytes.
  std::string name(1, '.');
  name.append(fs::path(path).filename().string().substr(0, 170));
  name.append(kMark).append(space.data()).append("-").append(std::to_string(maker.process));
  name.append("-").append(std::to_string(maker.started));
  name.append("-").append(std::to_string(counter++));
  return (fs::path(path).parent_path() / name).string();
}

std::optional<FileMaker> MakerOf(std::string_view name) {
  const size_t mark = name.rfind(kMark);
  if (!name.starts_with('.') || mark == std::string_view::npos) return std::nullopt;
  std::string_view rest = name.substr(mark + kMark.size());
  FileMaker maker;
  const size_t digits = rest.find('-');
  if (digits != 16 && digits != 8) return std::nullopt;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + digits, maker.space, 16);
  if (error != std::errc() || end != rest.data() + digits) return std::nullopt;
  rest.remove_prefix(digits);
  uint64_t count = 0;
  if (!TakeNumber(rest, maker.process) || maker.process <= 0) return std::nullopt;
  if (digits == 8) {
    maker = {};
  } else if (!TakeNumber(rest, maker.started)) {
    return std::nullopt;
  }
  if (!TakeNumber(rest, count) || !rest.empty()) return std::nullopt;
  return maker;
}

void RemoveStaleTemporaries(const std::string& folder) {
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(opendir(folder.c_str()), closedir);
  if (listing == nullptr) return;
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  while (const dirent* const entry = readdir(listing.get())) {
    const std::optional<FileMaker> maker = MakerOf(entry->d_name);
    if (!maker) continue;
    const std::string path = (fs::path(folder) / entry->d_name).string();
    struct stat info = {};
    if (lstat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) continue;
    const auto age = now - std::chrono::seconds(info.st_mtim.tv_sec);
    // The second condition holds for what looks like ours and is not (a machine that was copied
    // while it ran), and for clocks that differ.
    const bool ours = maker->space == ThisProcess().space;
    if (ours ? age > std::chrono::minutes(1) && IsGone(*maker) : age > std::chrono::days(7)) {
      unlink(path.c_str());
    }
  }
}

}  // namespace peel

#include "src/base/os/temporary_files.h"

#include <array>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "src/base/hash.h"
#include "src/base/os/file.h"
#include "src/base/os/process.h"

namespace peel {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMark = ".peel-";

bool IsGone(const FileMaker& maker) {
  if (IsProcessGone(maker.process)) return true;
  const uint64_t started = ProcessStart(maker.process);
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
  static const uint64_t space = Hash64(ProcessSpace());
  const int self = ProcessId();
  static const int first = self;  // after a fork the child's start is another
  static const uint64_t started = ProcessStart(first);
  return {space, self, self == first ? started : ProcessStart(self)};
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
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  ListFolder(folder, [&](std::string_view name, FileKind) {
    const std::optional<FileMaker> maker = MakerOf(name);
    if (!maker) return;
    const std::string path = (fs::path(folder) / name).string();
    const auto info = InfoOfLink(path);
    if (!info || (!info->is_file() && !info->is_folder())) return;
    const auto age =
        now - std::chrono::floor<std::chrono::seconds>(std::chrono::nanoseconds(info->modified));
    // The second condition holds for what looks like ours and is not (a machine that was copied
    // while it ran), and for clocks that differ.
    const bool ours = maker->space == ThisProcess().space;
    if (ours ? age > std::chrono::minutes(1) && IsGone(*maker) : age > std::chrono::days(7)) {
      std::error_code error;
      fs::remove_all(path, error);
    }
  });
}

}  // namespace peel

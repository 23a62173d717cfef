#include "src/base/cache_file.h"

#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "src/base/cpu.h"
#include "src/base/hash.h"
#include "src/base/os/descriptor.h"
#include "src/base/os/file.h"
#include "src/base/os/process.h"
#include "src/base/os/unique_fd.h"

namespace peel {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMagic = "peel cache 1\n";
constexpr uint64_t kMaxBytes = uint64_t{16} << 20;

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// Lengths first, so that the checksum is over a text that can be read in one way only.
std::string Body(std::string_view key, std::string_view payload) {
  std::string body = std::to_string(key.size()) + " " + std::to_string(payload.size()) + "\n";
  body.append(key).append("\n").append(payload);
  return body;
}

std::optional<std::string> ReadSmallFile(const std::string& path) {
  const UniqueFd file(OpenFile(path, kOpenRead | kOpenNoWait));
  const auto info = file ? InfoOfOpen(file.get()) : std::nullopt;
  if (!info || !info->is_file() || !info->is_own || info->size > kMaxBytes) return std::nullopt;
  std::string text(static_cast<size_t>(info->size), '\0');
  size_t used = 0;
  while (used < text.size()) {
    const ptrdiff_t n = ReadSome(file.get(), text.data() + used, text.size() - used);
    if (n <= 0) return std::nullopt;
    used += static_cast<size_t>(n);
  }
  return text;
}

// Takes a number and the character behind it off the front.
bool TakeNumber(std::string_view* text, char end, size_t* number) {
  const auto [next, error] = std::from_chars(text->data(), text->data() + text->size(), *number);
  if (error != std::errc() || next == text->data() + text->size() || *next != end) return false;
  text->remove_prefix(static_cast<size_t>(next - text->data()) + 1);
  return true;
}

Status CannotWrite(const std::string& path, int error) {
  return IoError(path + ": cannot be written (" + std::generic_category().message(error) +
                 "); PEEL_CACHE_DIR names another folder");
}

}  // namespace

std::string CacheFolder() {
  std::string own = Variable("PEEL_CACHE_DIR");
  if (own == "off") return "";
  if (!own.empty()) return own;
  const std::string base = UserCacheFolder();
  return base.empty() ? "" : base + "/peel";
}

std::string CacheFilePath(std::string_view kind, std::string_view key) {
  const std::string folder = CacheFolder();
  if (folder.empty()) return "";
  return folder + "/" + std::string(kind) + "-" + HashText(Hash64(key));
}

bool AnyCacheFile(std::string_view kind) {
  const std::string folder = CacheFolder(), prefix = std::string(kind) + "-";
  if (folder.empty()) return false;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (it->path().filename().string().starts_with(prefix)) return true;
  }
  return false;
}

std::optional<std::string> ReadCacheFile(std::string_view kind, std::string_view key) {
  const std::string path = CacheFilePath(kind, key);
  if (path.empty()) return std::nullopt;
  const auto text = ReadSmallFile(path);
  if (!text || !text->starts_with(kMagic)) return std::nullopt;
  // magic, checksum of the rest, the rest.
  std::string_view rest = std::string_view{*text}.substr(kMagic.size());
  if (rest.size() < 17 || rest[16] != '\n') return std::nullopt;
  const std::string_view sum = rest.substr(0, 16);
  rest.remove_prefix(17);
  if (sum != HashText(Hash64(rest))) return std::nullopt;
  size_t key_size = 0, payload_size = 0;
  if (!TakeNumber(&rest, ' ', &key_size) || !TakeNumber(&rest, '\n', &payload_size)) {
    return std::nullopt;
  }
  if (key_size >= rest.size() || payload_size != rest.size() - key_size - 1 ||
      rest.substr(0, key_size) != key) {
    return std::nullopt;
  }
  return std::string(rest.substr(key_size + 1));
}

Status WriteCacheFile(std::string_view kind, std::string_view key, std::string_view payload) {
  const std::string path = CacheFilePath(kind, key);
  if (path.empty()) return OkStatus();
  std::error_code error;
  const fs::path folder = fs::path(path).parent_path();
  if (!fs::exists(folder, error)) {
    fs::create_directories(folder, error);
    if (error) return CannotWrite(folder.string(), error.value());
    fs::permissions(folder, fs::perms::owner_all, error);
  }
  const std::string body = Body(key, payload);
  const std::string text = std::string(kMagic) + HashText(Hash64(body)) + "\n" + body;
  if (text.size() > kMaxBytes) return LimitExceeded(path + ": the record is too large");
  // Process and counter keep two writers apart; what a killed one leaves behind is overwritten by
  // the next with its number, or is a few kilobytes for whoever empties the cache.
  static std::atomic<unsigned> counter{0};
  const std::string temporary =
      path + ".tmp-" + std::to_string(ProcessId()) + "-" + std::to_string(counter++);
  {
    const UniqueFd file(
        OpenFile(temporary, kOpenWrite | kOpenCreate | kOpenTruncate | kOpenNoFollow, 0600));
    if (!file) return CannotWrite(temporary, errno);
    // Not synchronised: a record torn by a power cut fails its checksum.
    const int reason =
        WriteFully(file.get(), {reinterpret_cast<const uint8_t*>(text.data()), text.size()});
    if (reason != 0) {
      RemoveFile(temporary);
      return CannotWrite(temporary, reason);
    }
  }
  if (RenameFile(temporary.c_str(), path.c_str()) != 0) {
    const int reason = errno;
    RemoveFile(temporary);
    return CannotWrite(path, reason);
  }
  return OkStatus();
}

std::string CacheMachine() {
  std::string text = "peel " PEEL_BASE_VERSION "; " + CpuModel() + "; " + CpuTarget();
  for (const std::string& feature : CpuFeatures()) text += " " + feature;
  return text;
}

std::string HashText(uint64_t hash) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text(16, '0');
  for (size_t i = 16; i-- > 0; hash >>= 4) text[i] = kDigits[hash & 15];
  return text;
}

}  // namespace peel

#include "src/base/cache_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

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

namespace peel {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMagic = "peel cache 1\n";
constexpr uint64_t kMaxBytes = uint64_t{16} << 20;

struct Descriptor {
  int fd;
  ~Descriptor() {
    if (fd >= 0) close(fd);
  }
};

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
  const Descriptor file{open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  struct stat info = {};
  if (file.fd < 0 || fstat(file.fd, &info) != 0 || !S_ISREG(info.st_mode) ||
      info.st_uid != geteuid() || static_cast<uint64_t>(info.st_size) > kMaxBytes) {
    return std::nullopt;
  }
  std::string text(static_cast<size_t>(info.st_size), '\0');
  size_t used = 0;
  while (used < text.size()) {
    const ssize_t n = read(file.fd, text.data() + used, text.size() - used);
    if (n < 0 && errno == EINTR) continue;
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

bool WriteAll(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    text.remove_prefix(static_cast<size_t>(n));
  }
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
  // The base directory specification: what is not absolute is to be ignored.
  if (const std::string base = Variable("XDG_CACHE_HOME"); base.starts_with("/")) {
    return base + "/peel";
  }
  const std::string home = Variable("HOME");
  return home.empty() ? "" : home + "/.cache/peel";
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
      path + ".tmp-" + std::to_string(getpid()) + "-" + std::to_string(counter++);
  {
    const Descriptor file{
        open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600)};
    if (file.fd < 0) return CannotWrite(temporary, errno);
    // No fsync: a record torn by a power cut fails its checksum.
    if (!WriteAll(file.fd, text)) {
      const int reason = errno;
      unlink(temporary.c_str());
      return CannotWrite(temporary, reason);
    }
  }
  if (rename(temporary.c_str(), path.c_str()) != 0) {
    const int reason = errno;
    unlink(temporary.c_str());
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

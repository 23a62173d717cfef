#include "src/server/guard/keys.h"

#include <algorithm>
#include <utility>

#include "src/base/os/file.h"
#include "src/base/os/files.h"
#include "src/base/os/unique_fd.h"
#include "src/server/guard/secret.h"

namespace peel::server {
namespace {

constexpr uint64_t kMaxFile = uint64_t{16} << 20;
constexpr size_t kKeyBytes = 32;
constexpr size_t kMinOwnKey = 22;  // 128 random bits in base64
constexpr size_t kMaxKey = 512;    // longer ones are not looked at

bool StartsIgnoringCase(std::string_view text, std::string_view lower) {
  return text.size() >= lower.size() &&
         std::equal(lower.begin(), lower.end(), text.begin(), [](char a, char b) {
           return a == (b >= 'A' && b <= 'Z' ? static_cast<char>(b - 'A' + 'a') : b);
         });
}

bool Fits(std::string_view pattern, std::string_view path) {
  if (pattern.ends_with("/*")) return path.starts_with(pattern.substr(0, pattern.size() - 1));
  return pattern == path;
}

// The file as it is, or an empty one with a salt of its own.
Result<KeyFile> ReadOrBegin(const std::string& path) {
  if (InfoOf(path)) {
    auto bytes = ReadWholeFile(path, kMaxFile);
    if (!bytes.ok()) return std::move(bytes).status().WithContext(path);
    auto file = ParseKeyFile({reinterpret_cast<const char*>(bytes->data()), bytes->size()});
    if (!file.ok()) return std::move(file).status().WithContext(path);
    return file;
  }
  KeyFile file;
  PEEL_ASSIGN_OR_RETURN(file.salt, RandomBytes(16));
  return file;
}

// What is written is read first as the server will: nothing that it would refuse gets there.
Status WriteKeyFile(const std::string& path, const KeyFile& file) {
  const std::string text = KeyFileText(file);
  PEEL_RETURN_IF_ERROR(ParseKeyFile(text).status());
  // Made for its owner's eyes; one that is there keeps its rights.
  UniqueFd(OpenFile(path, kOpenWrite | kOpenCreate | kOpenExclusive, 0600)).Reset();
  return WriteFileAtomically(path, {reinterpret_cast<const uint8_t*>(text.data()), text.size()})
      .WithContext(path);
}

}  // namespace

bool Key::MayUse(std::string_view api, std::string_view path) const {
  if (!apis.empty() && std::ranges::find(apis, api) == apis.end()) return false;
  return routes.empty() || std::ranges::any_of(routes, [&](const std::string& pattern) {
           return Fits(pattern, path);
         });
}

std::string HashKey(std::string_view salt, std::string_view key) {
  return Sha256(std::string(salt).append(key));
}

std::string_view PresentedKey(const Request& request) {
  std::string_view key = request.headers.Get("X-Api-Key");
  if (key.empty()) {
    key = request.headers.Get("Authorization");
    if (!StartsIgnoringCase(key, "bearer ")) return "";
    key.remove_prefix(7);
  }
  while (key.starts_with(' ')) key.remove_prefix(1);
  while (key.ends_with(' ')) key.remove_suffix(1);
  // Cut, it is no key either, but a wrong one rather than none.
  return key.substr(0, kMaxKey);
}

Result<std::string> AddKey(const std::string& path, Key limits, std::string_view own) {
  std::string key(own);
  if (key.empty()) {
    PEEL_ASSIGN_OR_RETURN(const std::string bytes, RandomBytes(kKeyBytes));
    key = std::string("peel_").append(ToBase64Url(bytes));
  } else if (key.size() < kMinOwnKey || key.size() >= kMaxKey ||
             !std::ranges::all_of(key, [](char c) { return c > ' ' && c <= '~'; })) {
    return InvalidArgument(
        "a key is " + std::to_string(kMinOwnKey) +
        " or more random characters without spaces; shorter ones can be guessed");
  }
  PEEL_ASSIGN_OR_RETURN(KeyFile file, ReadOrBegin(path));
  limits.hash = HashKey(file.salt, key);
  file.keys.push_back(std::move(limits));
  PEEL_RETURN_IF_ERROR(WriteKeyFile(path, file));
  return key;
}

Result<LinkSecret> AddLinkSecret(const std::string& path, std::string id, std::string key) {
  PEEL_ASSIGN_OR_RETURN(KeyFile file, ReadOrBegin(path));
  LinkSecret link{std::move(id), "", std::move(key)};
  PEEL_ASSIGN_OR_RETURN(link.secret, RandomBytes(kKeyBytes));
  file.links.push_back(link);
  PEEL_RETURN_IF_ERROR(WriteKeyFile(path, file));
  return link;
}

}  // namespace peel::server

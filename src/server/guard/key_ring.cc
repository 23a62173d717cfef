#include "src/server/guard/key_ring.h"

#include <algorithm>
#include <utility>

#include "src/base/os/files.h"
#include "src/server/guard/secret.h"

namespace peel::server {
namespace {

constexpr uint64_t kMaxFile = uint64_t{16} << 20;

bool IsOther(const std::optional<FileInfo>& a, const std::optional<FileInfo>& b) {
  if (!a || !b) return a.has_value() != b.has_value();
  return !a->is_same(*b) || a->size != b->size || a->modified != b->modified ||
         a->rights != b->rights;
}

}  // namespace

Result<std::unique_ptr<KeyRing>> KeyRing::Open(std::string path) {
  std::unique_ptr<KeyRing> ring(new KeyRing(std::move(path)));
  ring->seen_ = InfoOf(ring->path_);
  PEEL_RETURN_IF_ERROR(ring->Read());
  return ring;
}

Status KeyRing::Read() {
  auto bytes = ReadWholeFile(path_, kMaxFile);
  if (!bytes.ok()) return std::move(bytes).status().WithContext(path_);
  auto file = ParseKeyFile({reinterpret_cast<const char*>(bytes->data()), bytes->size()});
  if (!file.ok()) return std::move(file).status().WithContext(path_);
  salt_ = std::move(file->salt);
  links_ = std::move(file->links);
  keys_.clear();
  for (Key& key : file->keys) keys_.push_back(std::make_shared<const Key>(std::move(key)));
  warning_.clear();
  if (seen_ && (seen_->rights & 077) != 0) {
    warning_ = path_ +
               ": can be read or written by others than its owner; chmod 600 keeps its "
               "secrets";
  }
  return OkStatus();
}

std::optional<KeyRing::News> KeyRing::Refresh(Time now) {
  if (looked_ && now - *looked_ < std::chrono::seconds(1)) return std::nullopt;
  looked_ = now;
  // Taken before it is read: what is written meanwhile is seen the next time.
  std::optional<FileInfo> info = InfoOf(path_);
  if (!IsOther(seen_, info)) return std::nullopt;
  seen_ = info;
  if (const Status status = Read(); !status.ok()) {
    return News{true, status.message() + "; the keys that were read before stay"};
  }
  return News{false, path_ + ": read anew, " + std::to_string(keys_.size()) + " keys"};
}

std::shared_ptr<const Key> KeyRing::Find(std::string_view presented) const {
  if (presented.empty()) return nullptr;
  const std::string hash = HashKey(salt_, presented);
  size_t found = keys_.size();
  for (size_t i = 0; i < keys_.size(); ++i) {
    if (SameSecret(hash, keys_[i]->hash)) found = i;
  }
  return found < keys_.size() ? keys_[found] : nullptr;
}

std::shared_ptr<const Key> KeyRing::Named(std::string_view name) const {
  const auto found = std::ranges::find_if(
      keys_, [&](const std::shared_ptr<const Key>& key) { return key->name == name; });
  return found == keys_.end() ? nullptr : *found;
}

}  // namespace peel::server

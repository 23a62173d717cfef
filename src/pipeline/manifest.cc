#include "src/pipeline/manifest.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cinttypes>
#include <cstdio>
#include <filesystem>
#include <span>
#include <system_error>
#include <utility>

#include "src/base/hash.h"
#include "src/pipeline/files.h"

namespace peel {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFileName = ".peel-manifest";
constexpr uint64_t kMaxFileBytes = uint64_t{1} << 30;

std::string Reason(int error) { return std::generic_category().message(error); }

std::string Hex(uint64_t value, int digits) {
  std::array<char, 17> text = {};
  std::snprintf(text.data(), text.size(), "%0*" PRIx64, digits, value);
  return text.data();
}

// Names are bytes and may hold line ends: "%0A".
std::string Escape(const std::string& name) {
  std::string text;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= ' ' || byte == '%' || byte == 0x7F) {
      text.append("%").append(Hex(byte, 2));
    } else {
      text += c;
    }
  }
  return text;
}

bool Hexadecimal(std::string_view text, uint64_t& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  return error == std::errc() && end == text.data() + text.size();
}

std::optional<std::string> Unescape(std::string_view text) {
  std::string name;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      name += text[i];
      continue;
    }
    uint64_t byte = 0;
    if (i + 2 >= text.size() || !Hexadecimal(text.substr(i + 1, 2), byte)) return std::nullopt;
    name += static_cast<char>(byte);
    i += 2;
  }
  return name;
}

std::vector<std::string_view> Words(std::string_view line) {
  std::vector<std::string_view> words;
  while (!line.empty()) {
    const size_t end = std::min(line.find(' '), line.size());
    words.push_back(line.substr(0, end));
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  return words;
}

uint64_t Checksum(std::string_view text) { return Hash64(text) & 0xFFFFFFFF; }

}  // namespace

bool Manifest::IsManifestName(std::string_view file_name) {
  return file_name == kFileName ||
         (file_name.starts_with(kFileName) && file_name.substr(kFileName.size()).starts_with('-'));
}

std::string Manifest::Line(const std::string& name, const Entry& entry) {
  std::string text(entry.whole ? "+ " : "- ");
  if (entry.whole) {
    text.append(Hex(entry.content, 16)).append(" ").append(Hex(entry.settings, 16)).append(" ");
  }
  text.append(Escape(name));
  const std::string checksum = Hex(Checksum(text), 8);
  return text.append(" ").append(checksum).append("\n");
}

void Manifest::Read(const std::string& path, Entries& entries) {
  const auto bytes = ReadWholeFile(path, kMaxFileBytes);
  if (!bytes.ok()) return;
  std::string_view rest(reinterpret_cast<const char*>(bytes->data()), bytes->size());
  while (!rest.empty()) {
    const size_t end = rest.find('\n');
    if (end == std::string_view::npos) return;  // torn
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end + 1);
    const auto words = Words(line);
    uint64_t checksum = 0;
    if (words.size() < 3 || !Hexadecimal(words.back(), checksum)) continue;
    if (checksum != Checksum(line.substr(0, line.size() - words.back().size() - 1))) continue;
    Entry entry;
    if (words[0] == "+" && words.size() == 5) {
      entry.whole = Hexadecimal(words[1], entry.content) && Hexadecimal(words[2], entry.settings);
    }
    if (auto name = Unescape(words[words.size() - 2])) entries[*std::move(name)] = entry;
  }
}

std::unique_ptr<Manifest> Manifest::Open(const std::string& folder, const std::string& part) {
  const fs::path place(folder.empty() ? "." : folder);
  const std::string own = std::string(kFileName) + (part.empty() ? "" : "-" + part);
  std::unique_ptr<Manifest> manifest(
      new Manifest(place.lexically_normal().string(), (place / own).string()));
  Read(manifest->path_, manifest->own_);
  std::error_code error;
  for (fs::directory_iterator it(place, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (name == own || !IsManifestName(name)) continue;
    manifest->foreign_.push_back(it->path().string());
    Entries entries;
    Read(it->path().string(), entries);
    for (const auto& [output, entry] : entries) {
      const auto [known, is_new] = manifest->others_.emplace(output, entry);
      if (!is_new && known->second != entry) known->second = Entry{};
    }
  }
  std::ranges::sort(manifest->foreign_);
  return manifest;
}

std::string Manifest::NameOf(const std::string& output) const {
  return fs::path(output).lexically_normal().lexically_relative(folder_).string();
}

Manifest::~Manifest() {
  if (fd_ >= 0) close(fd_);
}

std::optional<Manifest::Entry> Manifest::Find(const std::string& name) const {
  const auto own = own_.find(name);
  const auto other = others_.find(name);
  if (own == own_.end()) {
    return other == others_.end() ? std::nullopt : std::optional(other->second);
  }
  // Which of two files was right last is not known; what this process did is.
  if (other == others_.end() || own->second == other->second || fresh_.contains(name)) {
    return own->second;
  }
  return Entry{};
}

Manifest::Match Manifest::Compare(const std::string& name, uint64_t content,
                                  uint64_t settings) const {
  const std::lock_guard lock(mutex_);
  const std::optional<Entry> entry = Find(name);
  if (!entry) return Match::kUnknown;
  return *entry == Entry{content, settings, true} ? Match::kSame : Match::kDifferent;
}

Status Manifest::OpenFile() {
  if (fd_ >= 0) return OkStatus();
  for (int attempt = 0; attempt < 10; ++attempt) {
    const int fd = open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (fd < 0) return IoError(path_ + ": cannot be written (" + Reason(errno) + ")");
    flock(fd, LOCK_SH);  // a file system without locks is none of our business
    // Somebody may have put a compacted one in its place meanwhile.
    struct stat opened = {}, named = {};
    if (fstat(fd, &opened) == 0 && stat(path_.c_str(), &named) == 0 &&
        opened.st_ino == named.st_ino && opened.st_dev == named.st_dev) {
      fd_ = fd;
      char last = '\n';
      if (opened.st_size > 0 && pread(fd, &last, 1, opened.st_size - 1) == 1 && last != '\n') {
        return Append("\n", false);  // ends the torn line of a killed process
      }
      return OkStatus();
    }
    close(fd);
  }
  return IoError(path_ + ": is replaced again and again by another process");
}

Status Manifest::Append(const std::string& line, bool sync) {
  PEEL_RETURN_IF_ERROR(OpenFile());
  // One call a line: O_APPEND then keeps the lines of several processes apart.
  const ssize_t written = write(fd_, line.data(), line.size());
  if (written < 0) return IoError(path_ + ": cannot be written (" + Reason(errno) + ")");
  if (static_cast<size_t>(written) != line.size()) {
    if (write(fd_, "\n", 1) != 1) errno = ENOSPC;
    return IoError(path_ + ": cannot be written (" + Reason(ENOSPC) + ")");
  }
  if (sync) fdatasync(fd_);
  return OkStatus();
}

Status Manifest::Begin(const std::string& name) {
  const std::lock_guard lock(mutex_);
  const std::optional<Entry> before = Find(name);
  own_[name] = Entry{};
  // Where an entry becomes untrue, that must reach the disk before the output does.
  return Append(Line(name, Entry{}), /*sync=*/before && before->whole);
}

Status Manifest::Finish(const std::string& name, uint64_t content, uint64_t settings) {
  const std::lock_guard lock(mutex_);
  const Entry entry = {content, settings, true};
  own_[name] = entry;
  fresh_.insert(name);
  return Append(Line(name, entry), /*sync=*/false);
}

Status Manifest::Compact() {
  const std::lock_guard lock(mutex_);
  if (fd_ < 0) return OkStatus();  // nothing happened
  if (flock(fd_, LOCK_EX | LOCK_NB) != 0) {
    flock(fd_, LOCK_SH);
    return OkStatus();
  }
  Entries known = own_;
  std::vector<int> locked;
  std::vector<std::string> taken_in;
  if (path_.ends_with(kFileName)) {
    for (const std::string& path : foreign_) {
      const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
      if (fd < 0) continue;
      locked.push_back(fd);
      if (flock(fd, LOCK_EX | LOCK_NB) == 0) taken_in.push_back(path);
    }
    if (taken_in.size() == foreign_.size()) {
      for (const auto& [name, entry] : others_) known[name] = *Find(name);
    } else {
      taken_in.clear();
    }
  }
  std::string text;
  for (const auto& [name, entry] : known) text += Line(name, entry);
  Status status = WriteFileAtomically(
      path_, std::span(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
  if (status.ok()) {
    for (const std::string& path : taken_in) unlink(path.c_str());
  }
  for (const int fd : locked) close(fd);
  close(std::exchange(fd_, -1));
  return status.ok() ? status : std::move(status).WithContext(path_);
}

}  // namespace peel

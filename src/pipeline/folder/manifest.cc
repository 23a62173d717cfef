#include "src/pipeline/folder/manifest.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <deque>
#include <filesystem>
#include <map>
#include <span>
#include <system_error>

#include "src/base/hash.h"
#include "src/base/os/file.h"
#include "src/base/os/files.h"
#include "src/base/os/unique_fd.h"
#include "src/pipeline/folder/manifest_line.h"

namespace peel {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFileName = ".peel-manifest";
constexpr uint64_t kMaxFileBytes = uint64_t{1} << 30;

std::string Reason(int error) { return std::generic_category().message(error); }

std::string_view Text(std::span<const uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::span<const uint8_t> Bytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

// Of a line that was written anew.
struct LinePlace {
  uint32_t tag = 0, number = 0;  // number: from 1
  bool empty() const { return number == 0; }
  uint64_t hash() const { return tag; }
};

// Whether the file that is open is still the one of this name.
bool IsNamed(int fd, const std::string& path) {
  const auto opened = InfoOfOpen(fd), named = InfoOf(path);
  return opened && named && opened->is_same(*named);
}

}  // namespace

bool Manifest::IsManifestName(std::string_view file_name) {
  return file_name == kFileName ||
         (file_name.starts_with(kFileName) && file_name.substr(kFileName.size()).starts_with('-'));
}

uint64_t Manifest::HashOf(std::string_view escaped_name) {
  return std::max<uint64_t>(Hash64(escaped_name), 1);
}

uint64_t Manifest::Made(uint64_t content, uint64_t settings) {
  const std::array<uint64_t, 2> both = {content, settings};
  const auto* const bytes = reinterpret_cast<const uint8_t*>(both.data());
  return std::max<uint64_t>(Hash64({bytes, sizeof(both)}) >> 1, 1);
}

Manifest::Entry& Manifest::At(Entries& entries, uint64_t name) {
  Entry* const known = entries.Find(name);
  if (known != nullptr) return *known;
  Entry entry;
  entry.name = name;
  return entries.Insert(entry);
}

// Reads what has been written since; all of it where another file has this name now.
void Manifest::Log::Refresh() {
  auto now = InfoOf(path);
  if (!now) return;
  if (now->device == device && now->number == inode && now->size == read) return;
  const UniqueFd file(peel::OpenFile(path, kOpenRead));
  now = file ? InfoOfOpen(file.get()) : std::nullopt;
  if (!now) return;
  if (now->device != device || now->number != inode || now->size < read) {
    entries = {};
    read = 0;
    device = now->device;
    inode = now->number;
  }
  std::string text;
  size_t whole = 0;
  for (;;) {
    constexpr size_t kChunk = size_t{1} << 18;
    text.erase(0, whole);
    const size_t before = text.size();
    text.resize(before + kChunk);
    const ptrdiff_t got = ReadAt(file.get(), text.data() + before, kChunk, read + before);
    text.resize(before + static_cast<size_t>(std::max<ptrdiff_t>(got, 0)));
    if (got <= 0) return;
    whole = VisitManifestLines(text, [&](const ManifestLine& line, std::string_view) {
      At(entries, HashOf(line.name)).made = line.whole ? Made(line.content, line.settings) : 0;
    });
    read += whole;
  }
}

std::vector<std::string> Manifest::ListForeign() const {
  std::vector<std::string> paths;
  const fs::path own(own_.path);
  std::error_code error;
  for (fs::directory_iterator it(own.parent_path(), error), end; !error && it != end;
       it.increment(error)) {
    const fs::path name = it->path().filename();
    if (name != own.filename() && IsManifestName(name.string())) paths.push_back(it->path());
  }
  std::ranges::sort(paths);
  return paths;
}

std::unique_ptr<Manifest> Manifest::Open(const std::string& folder, const std::string& part) {
  const fs::path place(folder.empty() ? "." : folder);
  const std::string own = std::string(kFileName) + (part.empty() ? "" : "-" + part);
  std::unique_ptr<Manifest> manifest(
      new Manifest(place.lexically_normal().string(), (place / own).string()));
  manifest->own_.Refresh();
  for (const std::string& path : manifest->ListForeign()) {
    Log log;
    log.path = path;
    log.Refresh();
    log.entries.ForEach([&](const Entry& entry) {
      Entry* const known = manifest->others_.Find(entry.name);
      if (known == nullptr) {
        manifest->others_.Insert(entry);
      } else if (known->made != entry.made) {
        known->made = 0;
      }
    });
  }
  return manifest;
}

std::unique_ptr<Manifest> Manifest::OpenIfThere(const std::string& folder) {
  auto manifest = Open(folder);
  const bool there = manifest->own_.inode != 0 || !manifest->ListForeign().empty();
  return there ? std::move(manifest) : nullptr;
}

std::string Manifest::NameOf(const std::string& output) const {
  return fs::path(output).lexically_normal().lexically_relative(folder_).string();
}

Manifest::~Manifest() {
  if (fd_ >= 0) CloseFile(fd_);
}

std::optional<uint64_t> Manifest::Find(uint64_t name) const {
  const Entry* const own = own_.entries.Find(name);
  const Entry* const other = others_.Find(name);
  if (own == nullptr) return other == nullptr ? std::nullopt : std::optional(other->made);
  // Which of two files was right last is not known; what this process did is.
  if (other == nullptr || own->made == other->made || own->fresh != 0) return own->made;
  return 0;
}

Manifest::Match Manifest::Compare(const std::string& name, uint64_t content, uint64_t settings) {
  const std::lock_guard lock(mutex_);
  own_.Refresh();
  const std::optional<uint64_t> made = Find(HashOf(EscapeName(name)));
  if (!made) return Match::kUnknown;
  return *made == Made(content, settings) ? Match::kSame : Match::kDifferent;
}

bool Manifest::Knows(const std::string& name) {
  const std::lock_guard lock(mutex_);
  own_.Refresh();
  return Find(HashOf(EscapeName(name))).has_value();
}

Status Manifest::OpenFile() {
  if (fd_ >= 0) return OkStatus();
  // Each time round waits for another's lock: a limit for file systems that do not say who is who.
  for (int attempt = 0; attempt < 1000; ++attempt) {
    const int fd = peel::OpenFile(own_.path, kOpenRead | kOpenWrite | kOpenCreate | kOpenAppend);
    if (fd < 0) return IoError(own_.path + ": cannot be written (" + Reason(errno) + ")");
    LockFile(fd, FileLock::kShared,
             /*wait=*/true);  // a file system without locks is none of our business
    // Somebody may have put a compacted one in its place meanwhile.
    if (IsNamed(fd, own_.path)) {
      fd_ = fd;
      own_.Refresh();
      const auto info = InfoOfOpen(fd);
      char last = '\n';
      if (info && info->size > 0 && ReadAt(fd, &last, 1, info->size - 1) == 1 && last != '\n') {
        return Append("\n", false);  // ends the torn line of a killed process
      }
      return OkStatus();
    }
    CloseFile(fd);
  }
  return IoError(own_.path + ": is replaced again and again by another process");
}

Status Manifest::Append(const std::string& line, bool sync) {
  PEEL_RETURN_IF_ERROR(OpenFile());
  // One call a line: O_APPEND then keeps the lines of several processes apart.
  const ptrdiff_t written = WriteOnce(fd_, line.data(), line.size());
  if (written < 0) return IoError(own_.path + ": cannot be written (" + Reason(errno) + ")");
  if (static_cast<size_t>(written) != line.size()) {
    if (WriteOnce(fd_, "\n", 1) != 1) errno = ENOSPC;
    return IoError(own_.path + ": cannot be written (" + Reason(ENOSPC) + ")");
  }
  // Only what others wrote is read again.
  const int64_t end = PositionOf(fd_);
  if (end >= 0 && static_cast<uint64_t>(end) == own_.read + line.size()) own_.read += line.size();
  if (sync) SyncContent(fd_);
  return OkStatus();
}

Status Manifest::Begin(const std::string& name) {
  const std::lock_guard lock(mutex_);
  own_.Refresh();
  const std::string escaped = EscapeName(name);
  const uint64_t hash = HashOf(escaped);
  // Where an entry becomes untrue, that must reach the disk before the output does.
  const bool untrue = Find(hash).value_or(0) != 0;
  Status status = Append(FormatManifestLine({.name = escaped}), /*sync=*/untrue);
  At(own_.entries, hash).made = 0;
  if (!status.ok() && untrue) untold_.insert(escaped);
  return status;
}

Status Manifest::Finish(const std::string& name, uint64_t content, uint64_t settings) {
  const std::lock_guard lock(mutex_);
  const std::string escaped = EscapeName(name);
  Status status =
      Append(FormatManifestLine(
                 {.whole = true, .content = content, .settings = settings, .name = escaped}),
             /*sync=*/false);
  Entry& entry = At(own_.entries, HashOf(escaped));
  entry.made = Made(content, settings);
  entry.fresh = 1;
  if (status.ok()) untold_.erase(escaped);
  return status;
}

Status Manifest::Compact() {
  const std::lock_guard lock(mutex_);
  if (fd_ < 0) return OkStatus();  // nothing happened
  // A lock that cannot be had exclusively is lost (flock(2)), and somebody else may have come
  // between two that are had: then the file is no longer ours to write, nor to append to.
  Status status;
  if (LockFile(fd_, FileLock::kExclusive, /*wait=*/false) == 0 && IsNamed(fd_, own_.path))
    status = WriteAnew();
  CloseFile(std::exchange(fd_, -1));
  return status.ok() ? status : std::move(status).WithContext(own_.path);
}

// By what is in the files: other runs may have written since they were read. Lines are moved as
// they are, in 16 bytes each beside the text.
Status Manifest::WriteAnew() {
  auto own_text = ReadWholeFile(own_.path, kMaxFileBytes);
  if (!own_text.ok()) return OkStatus();  // too large, or gone: left as it is
  std::vector<std::span<const uint8_t>> lines;
  FlatTable<LinePlace> places;
  // The line of this name; null, or with `add` a new one, where there is none.
  const auto line_of = [&](std::string_view name, bool add) -> std::span<const uint8_t>* {
    const auto tag = static_cast<uint32_t>(Hash64(name));
    const LinePlace* const place = places.Find(
        tag, [&](const LinePlace& p) { return NameIn(Text(lines[p.number - 1])) == name; });
    if (place != nullptr) return &lines[place->number - 1];
    if (!add || lines.size() == UINT32_MAX) return nullptr;
    lines.emplace_back();
    places.Insert({tag, static_cast<uint32_t>(lines.size())});
    return &lines.back();
  };
  VisitManifestLines(Text(*own_text), [&](const ManifestLine& line, std::string_view text) {
    if (auto* const place = line_of(line.name, true)) *place = Bytes(text);
  });
  std::deque<std::string> made_up;
  const auto interrupt = [&](std::span<const uint8_t>& place, std::string_view name) {
    place = Bytes(made_up.emplace_back(FormatManifestLine({.name = name})));
  };

  std::deque<UniqueFd> locked;
  std::deque<std::vector<uint8_t>> texts;
  std::vector<std::string> parts;
  if (own_.path.ends_with(kFileName)) parts = ListForeign();
  for (const std::string& path : parts) {
    // Network file systems lock for writing only what is open for writing.
    UniqueFd file(peel::OpenFile(path, kOpenRead | kOpenWrite));
    if (!file || LockFile(file.get(), FileLock::kExclusive, /*wait=*/false) != 0 ||
        !IsNamed(file.get(), path)) {
      parts.clear();  // another time
      break;
    }
    auto text = ReadWholeFile(path, kMaxFileBytes);
    if (!text.ok()) {
      parts.clear();
      break;
    }
    locked.push_back(std::move(file));
    texts.push_back(*std::move(text));
  }
  if (parts.empty()) texts.clear();
  for (const std::vector<uint8_t>& text : texts) {
    std::map<std::string_view, std::string_view> said;  // the last line of a name counts
    VisitManifestLines(Text(text), [&](const ManifestLine& line, std::string_view bytes) {
      said[line.name] = bytes;
    });
    for (const auto& [name, bytes] : said) {
      const Entry* const own = own_.entries.Find(HashOf(name));
      auto* const place = line_of(name, true);
      if (place == nullptr || (own != nullptr && own->fresh != 0)) continue;
      if (place->empty()) {
        *place = Bytes(bytes);
      } else if (Text(*place) != bytes) {
        interrupt(*place, name);
      }
    }
  }
  for (const std::string& name : untold_) {
    if (auto* const place = line_of(name, false)) interrupt(*place, name);
  }

  std::ranges::sort(lines, {}, [](const auto line) { return NameIn(Text(line)); });
  Status status = WriteFileAtomically(own_.path, [&](const ByteSink& sink) -> Status {
    for (const auto line : lines) PEEL_RETURN_IF_ERROR(sink(line));
    return OkStatus();
  });
  if (!status.ok()) return status;
  for (const std::string& path : parts) RemoveFile(path);
  untold_.clear();
  return OkStatus();
}

}  // namespace peel

#include "src/engine/plan/timings.h"

#include <unistd.h>

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "include/peel/peel.h"
#include "src/base/cpu.h"

namespace peel::engine {
namespace {

// A machine that has seen a hundred models has a few thousand entries of a hundred bytes.
constexpr size_t kMostEntries = 20000;
constexpr uintmax_t kMostBytes = uintmax_t{4} << 20;
// Changes whenever kernels change their speed or the format its form.
constexpr int kGeneration = 1;

uint64_t Hash(std::string_view text) {  // FNV-1a
  uint64_t hash = 0xcbf29ce484222325u;
  for (const char c : text) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3u;
  return hash;
}

std::string Hex(uint64_t number) {
  char text[17];
  std::snprintf(text, sizeof(text), "%016llx", static_cast<unsigned long long>(number));
  return text;
}

// What the timings hold for; the first line of the file.
const std::string& Identity() {
  static const std::string identity =
      "peel timings " + std::to_string(kGeneration) + ", " + std::to_string(PEEL_VERSION_MAJOR) +
      "." + std::to_string(PEEL_VERSION_MINOR) + "." + std::to_string(PEEL_VERSION_PATCH) + ", " +
      CpuModel() + ", " + CpuTarget();
  return identity;
}

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

Timings::Mode Timings::ModeFromEnvironment() {
  const std::string mode = Variable("PEEL_TUNE");
  return mode == "off" ? Mode::kOff : mode == "on" ? Mode::kTime : Mode::kRead;
}

std::string Timings::CacheFolder() {
  if (const std::string own = Variable("PEEL_CACHE_DIR"); !own.empty()) return own;
  // The standard has relative paths ignored.
  if (const std::string xdg = Variable("XDG_CACHE_HOME"); !xdg.empty() && xdg[0] == '/') {
    return xdg + "/peel";
  }
  const std::string home = Variable("HOME");
  return home.empty() ? "" : home + "/.cache/peel";
}

std::string Timings::DefaultFile() {
  const std::string folder = CacheFolder();
  return folder.empty() ? "" : folder + "/timings-" + Hex(Hash(Identity())) + ".txt";
}

Timings::Timings(std::string file) : file_(std::move(file)), entries_(Read(file_)) {}

// Lines: the identity, "KEY<tab>MILLISECONDS" for each entry, the hash of all that in hexadecimal.
Timings::Entries Timings::Read(const std::string& file) {
  std::error_code error;
  if (file.empty() || !std::filesystem::is_regular_file(file, error) || error) return {};
  const uintmax_t size = std::filesystem::file_size(file, error);
  if (error || size > kMostBytes) return {};
  std::string text(static_cast<size_t>(size), '\0');
  std::ifstream in(file, std::ios::binary);
  if (!in.read(text.data(), static_cast<std::streamsize>(size))) return {};
  const size_t hash_at = text.size() >= 17 ? text.size() - 17 : 0;  // 16 digits and the line's end
  std::string_view rest(text.data(), hash_at);
  if (text.substr(hash_at) != Hex(Hash(rest)) + "\n") return {};
  const auto line = [&rest]() {
    const size_t end = rest.find('\n');
    const std::string_view taken = rest.substr(0, end);
    rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
    return taken;
  };
  if (line() != Identity()) return {};
  Entries entries;
  while (!rest.empty()) {
    const std::string_view entry = line();
    const size_t tab = entry.find('\t');
    double milliseconds = 0;
    if (tab == entry.npos || tab == 0 || entries.size() >= kMostEntries) return {};
    const auto [end, failed] =
        std::from_chars(entry.data() + tab + 1, entry.data() + entry.size(), milliseconds);
    if (failed != std::errc() || end != entry.data() + entry.size()) return {};
    if (!std::isfinite(milliseconds) || milliseconds <= 0) return {};
    entries.emplace(entry.substr(0, tab), milliseconds);
  }
  return entries;
}

std::optional<double> Timings::Find(std::string_view key) const {
  std::lock_guard lock(mutex_);
  const auto it = entries_.find(key);
  if (it == entries_.end()) return std::nullopt;
  return it->second;
}

void Timings::Add(const std::string& key, double milliseconds) {
  std::lock_guard lock(mutex_);
  changed_ = entries_.insert_or_assign(key, milliseconds).second || changed_;
}

void Timings::Save() {
  std::lock_guard lock(mutex_);
  if (!changed_ || file_.empty()) return;
  changed_ = false;
  Entries all = Read(file_);
  all.merge(Entries(entries_));
  if (all.size() > kMostEntries) all = entries_;  // start anew with what is in use
  std::string text = Identity() + "\n";
  for (const auto& [key, milliseconds] : all) {
    char number[32];
    std::snprintf(number, sizeof(number), "%.5g", milliseconds);
    text += key + "\t" + number + "\n";
  }
  text += Hex(Hash(text)) + "\n";
  std::error_code error;
  const std::filesystem::path target(file_);
  std::filesystem::create_directories(target.parent_path(), error);
  const std::string temporary = file_ + "." + std::to_string(getpid()) + ".new";
  std::ofstream out(temporary, std::ios::binary | std::ios::trunc);
  out.write(text.data(), static_cast<std::streamsize>(text.size()));
  out.close();
  if (out) std::filesystem::rename(temporary, target, error);
  if (!out || error) std::filesystem::remove(temporary, error);
}

}  // namespace peel::engine

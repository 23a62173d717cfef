#include "src/engine/plan/timings.h"

#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "src/base/cache_file.h"

namespace peel::engine {
namespace {

// A machine that has seen a hundred models has a few thousand entries of a hundred bytes.
constexpr size_t kMostEntries = 20000;

constexpr std::string_view kKind = "timings";

// The number counts changes of what the entries' keys mean.
std::string RecordKey() { return CacheMachine() + " timings 1"; }

}  // namespace

Timings::Mode Timings::ModeFromEnvironment() {
  const char* value = std::getenv("PEEL_TUNE");
  const std::string_view mode = value == nullptr ? "" : value;
  return mode == "off" ? Mode::kOff : mode == "on" ? Mode::kTime : Mode::kRead;
}

Timings::Timings() : entries_(Read()) {}

// Lines "KEY<tab>MILLISECONDS".
Timings::Entries Timings::Read() {
  const std::optional<std::string> text = ReadCacheFile(kKind, RecordKey());
  Entries entries;
  std::string_view rest = text ? std::string_view{*text} : std::string_view();
  while (!rest.empty()) {
    const size_t end = rest.find('\n');
    const std::string_view entry = rest.substr(0, end);
    rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
    const size_t tab = entry.find('\t');
    double milliseconds = 0;
    if (tab == entry.npos || tab == 0 || entries.size() >= kMostEntries) return {};
    const auto [stop, failed] =
        std::from_chars(entry.data() + tab + 1, entry.data() + entry.size(), milliseconds);
    if (failed != std::errc() || stop != entry.data() + entry.size()) return {};
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
  if (!changed_) return;
  changed_ = false;
  Entries all = Read();
  all.merge(Entries(entries_));
  if (all.size() > kMostEntries) all = entries_;  // start anew with what is in use
  std::string text;
  for (const auto& [key, milliseconds] : all) {
    char number[32];
    std::snprintf(number, sizeof(number), "%.5g", milliseconds);
    text += key + "\t" + number + "\n";
  }
  static_cast<void>(WriteCacheFile(kKind, RecordKey(), text));
}

}  // namespace peel::engine

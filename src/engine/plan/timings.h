#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace peel::engine {

// What kernels cost on this machine (how long they took, and the price of their weights), by
// problem, kept in a cache file (src/base/cache_file.h) from run to run. The key of an entry is a
// layer's shape and a kernel's name, so models that share shapes share timings; the record belongs
// to one processor, set of kernels and version of Peel. Any thread may call.
class Timings {
 public:
  enum class Mode {
    kOff,   // neither reads nor times: kernels are chosen by their estimates alone
    kRead,  // takes what is known, times nothing
    kTime,  // times what is not known and keeps it
  };
  // From the environment variable PEEL_TUNE: "off", "on" (kTime), anything else kRead.
  static Mode ModeFromEnvironment();

  // Reads the record where there is one.
  Timings();

  std::optional<double> Find(std::string_view key) const;
  // key must not hold tabs or line breaks; milliseconds is positive and finite.
  void Add(const std::string& key, double milliseconds);
  // Writes what was added, together with what other processes have put there meanwhile. Quietly
  // does nothing where there is no cache.
  void Save();

 private:
  using Entries = std::map<std::string, double, std::less<>>;
  static Entries Read();

  mutable std::mutex mutex_;
  Entries entries_;
  bool changed_ = false;
};

}  // namespace peel::engine

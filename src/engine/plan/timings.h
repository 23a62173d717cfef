#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace peel::engine {

// How long kernels took on this machine, by problem, kept in a file from run to run. The key of an
// entry is a layer's shape and a kernel's name, so models that share shapes share timings; the file
// belongs to one processor, instruction set and version of Peel, which its name and first line say.
// Any thread may call.
class Timings {
 public:
  enum class Mode {
    kOff,   // neither reads nor times: kernels are chosen by their estimates alone
    kRead,  // takes what is known, times nothing
    kTime,  // times what is not known and keeps it
  };
  // From the environment variable PEEL_TUNE: "off", "on" (kTime), anything else kRead.
  static Mode ModeFromEnvironment();
  // $PEEL_CACHE_DIR, else $XDG_CACHE_HOME/peel, else ~/.cache/peel; empty where there is none of
  // them.
  static std::string CacheFolder();
  // The file in CacheFolder() for this machine and version; empty where there is no folder.
  static std::string DefaultFile();

  // Reads the file where there is one. A file that is not wholly what Save writes for this machine
  // is ignored (and replaced by the next Save).
  explicit Timings(std::string file);

  std::optional<double> Find(std::string_view key) const;
  // key must not hold tabs or line breaks; milliseconds is positive and finite.
  void Add(const std::string& key, double milliseconds);
  // Writes what was added, together with what other processes have put there meanwhile, by renaming
  // a new file into place. Quietly does nothing where the folder cannot be written.
  void Save();

 private:
  using Entries = std::map<std::string, double, std::less<>>;
  static Entries Read(const std::string& file);

  const std::string file_;
  mutable std::mutex mutex_;
  Entries entries_;
  bool changed_ = false;
};

}  // namespace peel::engine

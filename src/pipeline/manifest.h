#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/status.h"

namespace peel {

// What the outputs in a folder were made from: a hash of the source's content and one of the
// settings for each. Kept in the folder as a hidden text file, one line appended an event:
//   "- NAME" before an output is replaced, "+ CONTENT SETTINGS NAME" after,
// each with a checksum, so that a process killed at any moment, a full disk or a network file
// system that mixes two writers costs entries (their outputs are made again), never gives a wrong
// one. Parts of a sharded run keep a file each. May be called by several threads at once.
class Manifest {
 public:
  enum class Match {
    kUnknown,    // nothing is known of this output
    kSame,       // made from this content with these settings
    kDifferent,  // made from something else, or its making was interrupted
  };

  // Reads what is there; the folder need not exist yet. `part` is "" or names the part of a
  // sharded run ("3-of-8"). A manifest that cannot be read is taken as empty.
  static std::unique_ptr<Manifest> Open(const std::string& folder, const std::string& part = "");
  ~Manifest();
  Manifest(const Manifest&) = delete;
  Manifest& operator=(const Manifest&) = delete;

  // What an output with this path is called below.
  std::string NameOf(const std::string& output) const;

  // `name` is the output's below the folder. All of these are cheap next to a file's fsync.
  Match Compare(const std::string& name, uint64_t content, uint64_t settings) const;
  Status Begin(const std::string& name);
  Status Finish(const std::string& name, uint64_t content, uint64_t settings);

  // At the end of a run: writes what is known anew, sorted and without what has been overtaken. An
  // unsharded run also takes in the parts' files. Does nothing while another process works here.
  Status Compact();

  static bool IsManifestName(std::string_view file_name);

 private:
  struct Entry {
    uint64_t content = 0, settings = 0;
    bool whole = false;  // false: its making was interrupted
    bool operator==(const Entry&) const = default;
  };
  using Entries = std::map<std::string, Entry>;

  Manifest(std::string folder, std::string path)
      : folder_(std::move(folder)), path_(std::move(path)) {}
  static std::string Line(const std::string& name, const Entry& entry);
  static void Read(const std::string& path, Entries& entries);
  std::optional<Entry> Find(const std::string& name) const;  // mutex_ held
  Status Append(const std::string& line, bool sync);         // mutex_ held
  Status OpenFile();                                         // mutex_ held

  const std::string folder_, path_;
  mutable std::mutex mutex_;
  int fd_ = -1;                       // opened at the first event, under a shared lock
  Entries own_;                       // of path_
  Entries others_;                    // of the other files; not whole where they disagree
  std::vector<std::string> foreign_;  // the other files
  std::set<std::string> fresh_;       // finished by this process
};

}  // namespace peel

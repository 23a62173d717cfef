#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "src/base/status.h"
#include "src/pipeline/folder/flat_table.h"

namespace peel {

// What the outputs in a folder were made from: a hash of the source's content and one of the
// settings for each. Kept in the folder as a hidden text file, one line appended an event:
//   "- NAME" before an output is replaced, "+ CONTENT SETTINGS NAME" after,
// each with a checksum, so that a process killed at any moment, a full disk or a network file
// system that mixes two writers costs entries (their outputs are made again), never gives a wrong
// one. Parts of a sharded run keep a file each. Several runs may write to one file: each sees the
// other's lines, and none is lost. May be called by several threads at once.
//
// In memory an output takes two hashes: 16 bytes, 27 with the table's empty places.
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
  // The same; null where there is none.
  static std::unique_ptr<Manifest> OpenIfThere(const std::string& folder);
  ~Manifest();
  Manifest(const Manifest&) = delete;
  Manifest& operator=(const Manifest&) = delete;

  // What an output with this path is called below.
  std::string NameOf(const std::string& output) const;

  // `name` is the output's below the folder. All of these are cheap next to a file's fsync.
  Match Compare(const std::string& name, uint64_t content, uint64_t settings);
  Status Begin(const std::string& name);
  Status Finish(const std::string& name, uint64_t content, uint64_t settings);

  // At the end of a run: writes what all runs so far have written down anew, sorted and without
  // what has been overtaken. An unsharded run also takes in the parts' files. Does nothing while
  // another process works here.
  Status Compact();

  // Whether an output of this name was made here, whole or not.
  bool Knows(const std::string& name);

  static bool IsManifestName(std::string_view file_name);

 private:
  struct Entry {
    uint64_t name = 0;  // hash of the escaped name, 0 only where this is no entry
    // Hash of content and settings; 0 where its making was interrupted. Two names of one hash (one
    // in 37 million for a million names) would cost work: they are seldom of one content, too.
    uint64_t made : 63 = 0;
    uint64_t fresh : 1 = 0;  // finished by this process

    bool empty() const { return name == 0; }
    uint64_t hash() const { return name; }
  };
  using Entries = FlatTable<Entry>;

  // A file as far as it has been read.
  struct Log {
    std::string path;
    uint64_t device = 0, inode = 0, read = 0;
    Entries entries;

    void Refresh();
  };

  Manifest(std::string folder, std::string path) : folder_(std::move(folder)) {
    own_.path = std::move(path);
  }
  static uint64_t HashOf(std::string_view escaped_name);
  static uint64_t Made(uint64_t content, uint64_t settings);
  static Entry& At(Entries& entries, uint64_t name);
  std::vector<std::string> ListForeign() const;
  std::optional<uint64_t> Find(uint64_t name) const;  // what `made` says; mutex_ held
  Status Append(const std::string& line, bool sync);  // mutex_ held
  Status OpenFile();                                  // mutex_ held
  Status WriteAnew();                                 // mutex_ and the file's lock held

  const std::string folder_;
  mutable std::mutex mutex_;
  int fd_ = -1;  // opened at the first event, under a shared lock
  Log own_;
  Entries others_;                // of the parts' files; not whole where they disagree
  std::set<std::string> untold_;  // escaped names of outputs whose end could not be written down
};

}  // namespace peel

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "src/base/status.h"
#include "src/library/store/store.h"

namespace peel::library {

// What the library knows of its files before a scan, in little room (80 bytes a file) and without
// a question to the database for each: names are kept as hashes of 128 bits.
class KnownFiles {
 public:
  struct Entry {
    uint64_t name[2];  // hashes of the path's bytes
    int64_t id = 0;
    uint64_t size = 0;
    int64_t mtime_ns = 0;
    uint64_t edge = 0;               // edge_hash
    uint64_t content = 0;            // content_hash
    std::optional<int64_t> sidecar;  // SidecarStamp, 0: had none; nothing: to be read again
    uint8_t phases = 0;
    bool has_edge = false, has_content = false;
    bool is_gone = false;
    bool has_error = false;
    bool is_seen = false;       // by this scan
    bool other_models = false;  // labels by other networks than this scan's
  };

  // models: what this scan would write into files.models; "" where it labels nothing.
  static Result<KnownFiles> Load(Store& store, std::string_view models);

  Entry* Find(std::string_view path);
  size_t size() const { return entries_.size(); }
  std::vector<Entry>& entries() { return entries_; }  // in an order of its own

 private:
  std::vector<Entry> entries_;  // by name
};

// The row of one path, as Load would have it; is_seen is set.
Result<std::optional<KnownFiles::Entry>> FindKnown(Store& store, std::string_view path,
                                                   std::string_view models);

}  // namespace peel::library

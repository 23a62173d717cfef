#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/os/file.h"

namespace peel {

// The names in a folder, sorted by their bytes: 16 bytes a name beside the name itself
// (std::filesystem takes more than three hundred).
class FolderListing {
 public:
  using Type = FileKind;

  // Hidden names are left out, and those without `prefix`. What could be read is there even where
  // error() is not 0 (of errno).
  static FolderListing Read(const std::string& folder, std::string_view prefix = "");

  size_t size() const { return entries_.size(); }
  int error() const { return error_; }
  const char* Name(size_t at) const { return names_.data() + entries_[at].start; }
  Type TypeOf(size_t at) const { return entries_[at].type; }  // as the folder has it, if it does
  size_t LowerBound(std::string_view name) const;             // the first that is no less

 private:
  struct Entry {
    uint64_t start;
    Type type;
  };
  std::string names_;  // each with its zero
  std::vector<Entry> entries_;
  int error_ = 0;
};

}  // namespace peel

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "src/library/store/sidecar_file.h"
#include "src/pipeline/folder/inputs.h"

namespace peel::library {

// The sidecars of a scan's pictures (SidecarFile), by the names that its listing has met: no
// picture costs a call of the system.
class SidecarFiles {
 public:
  SidecarFiles() = default;
  // `found` must outlive this.
  explicit SidecarFiles(const InputTable* found);

  SidecarFile Of(std::string_view picture) const;

 private:
  struct Entry {
    uint64_t stem = 0;    // hash of the path without .xmp
    uint32_t number = 0;  // in found_
  };
  std::string Find(std::string_view stem) const;

  const InputTable* found_ = nullptr;
  std::vector<Entry> entries_;  // by stem; of one stem the one that counts first
};

}  // namespace peel::library

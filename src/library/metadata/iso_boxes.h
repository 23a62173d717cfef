#pragma once

#include <cstddef>
#include <cstdint>

#include "src/base/function_ref.h"
#include "src/library/metadata/header_reader.h"

namespace peel::library {

// The boxes of a part, one level deep (ISO/IEC 14496-12): their type and what is in them, in order.
// Ends, with a warning, at one that is cut off; one that says it goes on to the end does so.
void ForEachBox(Part part, FunctionRef<void(uint32_t type, Part box)> f);

// Numbers one after the other, the highest byte first; 0 and no longer ok() beyond the end.
class IsoFields {
 public:
  explicit IsoFields(Part part);
  uint64_t Take(size_t bytes);  // up to 8
  void Skip(size_t bytes);
  bool ok() const { return ok_; }

 private:
  std::span<const uint8_t> bytes_;
  size_t at_ = 0;
  bool ok_ = true;
};

}  // namespace peel::library
